// A relay between an MQTT client and a broker that cuts their connection at a given packet.

import { EventEmitter, once } from 'node:events'
import net from 'node:net'
import { generate, type Packet, parser } from 'mqtt-packet'
import { ServerPeer } from './peer.js'

/** At which packet the connection is cut, and whether that is still passed on. */
export interface MqttCut {
  from: 'client' | 'broker'
  cmd: Packet['cmd']
  passesOn: boolean
}

/** Stands between an MQTT client and a broker, and cuts their connection once it is asked to. */
export class MqttCuttingRelay extends ServerPeer {
  /** All packets that were passed on. */
  readonly passed: (Packet & { from: MqttCut['from'] })[] = []
  /** How many connections there were. */
  accepted = 0
  #cut: MqttCut | undefined
  #isHeld = false
  readonly #events = new EventEmitter()

  /** Settles when the connection was cut, at the next packet like that. */
  async cutAt(cut: MqttCut): Promise<void> {
    this.#cut = cut
    await once(this.#events, 'cut', { signal: AbortSignal.timeout(30_000) })
  }

  /** Refuses connections, or lets them through again. */
  hold(yes: boolean): void {
    this.#isHeld = yes
  }

  /** @internal */
  relay(client: net.Socket, broker: net.Socket): void {
    this.accepted++
    const end = () => {
      client.destroy()
      broker.destroy()
    }
    if (this.#isHeld) end()
    for (const [from, source, to] of [
      ['client', client, broker],
      ['broker', broker, client],
    ] as const) {
      const parsed = parser({ protocolVersion: 4 })
      parsed.on('packet', (packet: Packet) => {
        if (source.destroyed) return
        const isCut = this.#cut?.from === from && this.#cut.cmd === packet.cmd
        if (!isCut || this.#cut?.passesOn) {
          this.passed.push({ ...packet, from })
          to.write(generate(packet))
        }
        if (!isCut) return
        this.#cut = undefined
        source.destroy()
        to.end(() => {
          to.destroy()
          this.#events.emit('cut')
        })
      })
      source.on('data', (bytes) => parsed.parse(bytes))
      source.on('error', () => {})
      source.on('close', () => to.end())
    }
  }
}

export async function startMqttCuttingRelay(to: { port: number }): Promise<MqttCuttingRelay> {
  const relay: MqttCuttingRelay = await MqttCuttingRelay.listen(
    net.createServer((client) => relay.relay(client, net.connect(to.port, '127.0.0.1'))),
  )
  return relay
}
