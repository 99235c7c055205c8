import { policyToTypes } from '../policy/index.js'
import { writeConverted } from './converted.mjs'

/** `lws-ss types`: the types of a policy's streamtypes. */
export function writeTypes(file: string): void {
  writeConverted(file, policyToTypes)
}
