// A relay that decodes the MQTT packets that pass.

import { EventEmitter, once } from 'node:events'
import net from 'node:net'
import { type Packet, parser } from 'mqtt-packet'
import { ServerPeer } from './peer.js'

/** Stands between an MQTT client and a broker, and hears what they say. */
export class MqttRelay extends ServerPeer {
  readonly fromClient: Packet[] = []
  readonly fromBroker: Packet[] = []
  readonly #events = new EventEmitter()

  /** What was subscribed to, each filter with the QoS that was asked for. */
  get subscribed(): string[] {
    return this.fromClient.flatMap((packet) =>
      packet.cmd === 'subscribe'
        ? packet.subscriptions.map(({ topic, qos }) => `${topic} ${qos}`)
        : [],
    )
  }

  /** The filters that were cancelled. */
  get unsubscribed(): string[] {
    return this.fromClient.flatMap((packet) =>
      packet.cmd === 'unsubscribe' ? packet.unsubscriptions : [],
    )
  }

  /** Settles when the broker has confirmed so many cancellations. */
  async cancelled(count: number): Promise<void> {
    const signal = AbortSignal.timeout(30_000)
    while (this.fromBroker.filter(({ cmd }) => cmd === 'unsuback').length < count)
      await once(this.#events, 'packet', { signal })
  }

  /** @internal */
  relay(client: net.Socket, broker: net.Socket): void {
    for (const [from, to, packets] of [
      [client, broker, this.fromClient],
      [broker, client, this.fromBroker],
    ] as const) {
      const parsed = parser({ protocolVersion: 4 })
      parsed.on('packet', (packet: Packet) => {
        packets.push(packet)
        this.#events.emit('packet')
      })
      from.on('data', (bytes) => {
        parsed.parse(bytes)
        to.write(bytes)
      })
      from.on('error', () => {})
      from.on('close', () => to.end())
    }
  }
}

export async function startMqttRelay(to: { port: number }): Promise<MqttRelay> {
  const relay: MqttRelay = await MqttRelay.listen(
    net.createServer((client) => relay.relay(client, net.connect(to.port, '127.0.0.1'))),
  )
  return relay
}
