/** The credentials of an `auth` scheme of type `sigv4`. */
export interface AwsCredentials {
  /** AWS's name of the key. */
  accessKeyId: string
  /** The key, as AWS gives it out. */
  secretAccessKey: string
}
