/** Makes nodes of whatever a policy is given as: text, bytes or an object. */
import type { PolicySource } from '../form/policy-source.js'
import type { PolicyNode } from './node.js'
import { nodeFromValue } from './node-from-value.js'
import { decodeText, parseText } from './parse-text.js'
import { Report } from './report.js'

/** Makes nodes of a source. There is no root when the source cannot be read; the report says why. */
export function readSource(source: PolicySource): { root: PolicyNode | undefined; report: Report } {
  if (typeof source === 'string') {
    return parseText(source)
  }
  if (isBytes(source)) {
    const text = decodeText(source)
    if (text !== undefined) {
      return parseText(text)
    }
    const report = new Report()
    report.error('invalid-utf8', -1, 'the text of a policy has to be UTF-8; convert it')
    return { root: undefined, report }
  }
  const report = new Report()
  return { root: nodeFromValue(source, report), report }
}

function isBytes(source: unknown): source is Uint8Array {
  return (
    source instanceof Uint8Array ||
    (ArrayBuffer.isView(source) && Object.prototype.toString.call(source) === '[object Uint8Array]')
  )
}
