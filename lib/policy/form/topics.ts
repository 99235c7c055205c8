/** The wildcards of MQTT topics. */

/** Whether a topic has a wildcard of MQTT, which no message can be published to. */
export function hasWildcard(topic: string): boolean {
  return /[+#]/.test(topic)
}

/** Whether what is subscribed to has a wildcard that is no whole level, or a `#` before its end. */
export function hasMisplacedWildcard(filter: string): boolean {
  const levels = filter.split('/')
  return levels.some(
    (level, index) =>
      hasWildcard(level) && level !== '+' && !(level === '#' && index === levels.length - 1),
  )
}
