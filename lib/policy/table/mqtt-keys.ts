/** The keys of streamtypes on MQTT. */
import type { KeySpec, ValueType } from './key-spec.js'
import { type Extra, expanded, flag, MQTT, s, saturating, UNSPECIFIED, upTo } from './rows.js'

const message: ValueType = { kind: 'text', format: 'message', expands: true }

function mqtt(name: string, type: ValueType, summary: string, extra: Extra = {}): KeySpec {
  return s(name, type, summary, {
    protocols: MQTT,
    role: 'client',
    union: 'mqtt',
    needs: 'LWS_ROLE_MQTT',
    ...extra,
  })
}
const unspecified = (name: string, type: ValueType, summary: string, extra: Extra = {}) =>
  mqtt(name, type, summary, { ...UNSPECIFIED, ...extra })

/** In the order in which lws is told. */
export const MQTT_KEYS: readonly KeySpec[] = [
  mqtt('mqtt_topic', expanded, 'The topic that messages are published to.'),
  mqtt('mqtt_subscribe', expanded, 'The topic that is subscribed to.'),
  mqtt('mqtt_will_topic', expanded, 'The topic of the will.', { absent: 'no will' }),
  mqtt('mqtt_will_message', message, 'What the broker publishes when the connection is lost.'),
  unspecified('mqtt_birth_topic', expanded, 'The topic of the birth message.', {
    absent: 'no birth message',
  }),
  unspecified('mqtt_birth_message', message, 'What is published first on a new connection.'),

  mqtt('mqtt_qos', upTo(2), 'The QoS of what is published and subscribed to.', {
    heading: '`mqtt qos`',
    aliases: ['mqtt qos'],
    default: 0,
  }),
  mqtt('mqtt_keep_alive', saturating(65_535), 'The longest time without a packet to the broker.', {
    unit: 's',
    absent: 'no pings',
  }),
  mqtt('mqtt_will_qos', upTo(2), 'The QoS of the will.', { default: 0 }),
  unspecified('mqtt_birth_qos', upTo(1), 'The QoS of the birth message.', { default: 0 }),

  mqtt('mqtt_retain', flag, 'Whether the broker is to retain what is published.'),
  mqtt(
    'mqtt_clean_start',
    flag,
    'Whether to begin a new session, without what the broker has kept.',
  ),
  mqtt('mqtt_will_retain', flag, 'Whether the broker is to retain the will.'),
  unspecified('mqtt_birth_retain', flag, 'Whether the broker is to retain the birth message.'),
  unspecified(
    'aws_iot',
    flag,
    'Whether the broker is AWS IoT, whose device shadows answer requests on topics of their own.',
  ),
]
