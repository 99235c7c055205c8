// The error for MQTT streams that cannot share a connection.
import { SecureStreamError } from './secure-stream-error.js'

/**
 * An MQTT stream has to share the connection of its client, and its policy says something else for
 * `CONNECT` than that of the stream which connected first. Its `code` is `ERR_SS_MQTT_SETTINGS`.
 */
export class MqttSettingsError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'MqttSettingsError'
  constructor(streamtype: string, reason: string) {
    super('ERR_SS_MQTT_SETTINGS', `'${streamtype}' cannot connect: ${reason}`)
  }
}
