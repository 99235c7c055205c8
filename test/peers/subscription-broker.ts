// An MQTT broker whose answers to SUBSCRIBE the test decides.

import { generate, type ISubscribePacket, type Packet, parser } from 'mqtt-packet'
import { type RawPeer, startRaw } from './raw.js'

/**
 * What a broker says to a SUBSCRIBE: `suback` agrees to it with QoS 1, and `number` is 1 for the first of
 * all.
 */
export type SubscribeAnswer = (suback: Buffer, filter: string, number: number) => Buffer[]

/** An MQTT broker that accepts clients and what they publish, and says `answer` to what they subscribe to. */
export function startSubscriptionBroker(answer: SubscribeAnswer): Promise<RawPeer> {
  let number = 0
  return startRaw({
    accept: (socket) => {
      const packets = parser()
      packets.on('packet', (packet: Packet) => {
        if (packet.cmd === 'connect')
          socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }))
        if (packet.cmd === 'publish' && packet.qos === 1)
          socket.write(generate({ cmd: 'puback', messageId: packet.messageId as number }))
        if (packet.cmd !== 'subscribe') return
        const { messageId = 0, subscriptions } = packet as ISubscribePacket
        const suback = generate({ cmd: 'suback', messageId, granted: [1] })
        const said = answer(suback, subscriptions[0]?.topic ?? '', ++number)
        socket.write(Buffer.concat(said))
      })
      socket.on('data', (bytes) => packets.parse(bytes))
    },
  })
}
