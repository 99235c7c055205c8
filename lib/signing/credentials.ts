// The AWS credentials of a context.
import type { NativeSign } from '../addon/native.js'
import type { AwsCredentials } from './aws-credentials.js'

// Most programs sign nothing, so the code is loaded when it is first needed.
const signer = () => require('./signer.js') as typeof import('./signer.js')

/** The credentials of a context, by the index that `auth[].blob` has. */
export class Credentials {
  readonly #entries = new Map<number, AwsCredentials>()

  /** Sets the credentials of an index; `undefined` removes them. */
  set(index: number, credentials: AwsCredentials | undefined): void {
    if (credentials) this.#entries.set(index, { ...credentials })
    else this.#entries.delete(index)
  }

  readonly sign: NativeSign = (request) =>
    signer().signRequest(request, this.#entries.get(request.blob))
}
