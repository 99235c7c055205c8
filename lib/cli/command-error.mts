/** Why a command ends without having done what it was called for. */
export class CommandError extends Error {
  readonly status: number

  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}
