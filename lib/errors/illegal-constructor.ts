/** Node's own error for a class whose objects are made in another way, which is `instead`. */
export function illegalConstructor(instead: string): TypeError {
  return Object.assign(new TypeError(`Illegal constructor: use ${instead}`), {
    code: 'ERR_ILLEGAL_CONSTRUCTOR',
  })
}
