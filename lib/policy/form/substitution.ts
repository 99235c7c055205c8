/** A text of a policy with `value` in the place of each `${name}`; without one, of any value. */
export function substituted(text: string, value: (name: string) => string = () => 'x'): string {
  return text.replace(/\$\{([^}]*)\}/g, (_, name: string) => value(name))
}
