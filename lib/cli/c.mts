import { policyToC } from '../policy/index.js'
import { writeConverted } from './converted.mjs'

/** `lws-ss c`: a policy as static C. */
export function writeC(file: string): void {
  writeConverted(file, policyToC)
}
