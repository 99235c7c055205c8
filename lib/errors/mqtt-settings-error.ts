// The error for MQTT streams that cannot share a connection.
import { type Circumstances, SecureStreamError } from './secure-stream-error.js'
import { sentence } from './sentence.js'

/**
 * An MQTT stream has to share the connection of its client, and its policy says something else for
 * `CONNECT` than that of the stream which connected first. Its `code` is `ERR_SS_MQTT_SETTINGS`.
 */
export class MqttSettingsError extends SecureStreamError {
  /** @internal */
  static override readonly name: string = 'MqttSettingsError'
  constructor(circumstances: Circumstances, reason: string) {
    const what = `'${circumstances.streamtype}' cannot connect: ${reason}`
    super('ERR_SS_MQTT_SETTINGS', sentence(circumstances, what), circumstances)
  }
}
