// An MQTT broker whose acknowledgements the test decides.

import { EventEmitter, once } from 'node:events'
import net from 'node:net'
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet'
import { ServerPeer } from './peer.js'

/** An MQTT broker of which the test decides what it acknowledges, and when. */
export class ScriptedBroker extends ServerPeer {
  /** What clients published, resends included. */
  readonly published: IPublishPacket[] = []
  /** The ids of what was delivered and clients acknowledged. */
  readonly acknowledgements: number[] = []
  /** How many publishes there were in each piece in which they arrived. */
  readonly pieces: number[] = []
  readonly #events = new EventEmitter()
  #latest: net.Socket | undefined

  /** Settles when so many publishes have arrived. */
  async arrived(
    count: number,
    signal: AbortSignal = AbortSignal.timeout(30_000),
  ): Promise<IPublishPacket[]> {
    while (this.published.length < count) await once(this.#events, 'publish', { signal })
    return this.published
  }

  /** Acknowledges publishes of the latest connection, all in one piece. */
  acknowledge(...messageIds: number[]): void {
    const packets = messageIds.map((messageId) => generate({ cmd: 'puback', messageId }))
    this.#latest?.write(Buffer.concat(packets))
  }

  /** Settles when clients have acknowledged so much of what was delivered. */
  async acknowledgedBy(count: number): Promise<void> {
    const signal = AbortSignal.timeout(30_000)
    while (this.acknowledgements.length < count) await once(this.#events, 'puback', { signal })
  }

  /** Publishes to the latest connection; settles when its socket takes more. */
  async deliver(topic: string, payload: string | Buffer, messageId = 0): Promise<void> {
    const qos = messageId ? 1 : 0
    const packet = { cmd: 'publish', topic, payload, qos, messageId, retain: false, dup: false }
    const socket = this.#latest
    if (!socket || socket.destroyed) throw new Error('nobody is connected')
    socket.write(generate(packet as IPublishPacket))
    do await new Promise(setImmediate)
    while (socket.writableNeedDrain)
  }

  /** Ends the latest connection, after what was said on it. */
  hangUp(): void {
    this.#latest?.end()
  }

  /** Does not read what clients say on the latest connection, or goes on with it. */
  listen(yes: boolean): void {
    if (yes) this.#latest?.resume()
    else this.#latest?.pause()
  }

  /** @internal */
  talkTo(socket: net.Socket, onPublish: (packet: IPublishPacket) => void): void {
    this.#latest = socket
    const say = (packet: Packet) => socket.write(generate(packet))
    const packets = parser()
    packets.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect') say({ cmd: 'connack', returnCode: 0, sessionPresent: false })
      else if (packet.cmd === 'subscribe')
        say({ cmd: 'suback', messageId: packet.messageId as number, granted: [1] })
      else if (packet.cmd === 'pingreq') say({ cmd: 'pingresp' })
      else if (packet.cmd === 'puback') {
        this.acknowledgements.push(packet.messageId as number)
        this.#events.emit('puback')
      } else if (packet.cmd === 'publish') {
        this.published.push(packet)
        onPublish(packet)
        this.#events.emit('publish')
      }
    })
    socket.on('data', (bytes) => {
      const before = this.published.length
      packets.parse(bytes)
      if (this.published.length > before) this.pieces.push(this.published.length - before)
    })
  }
}

/** By default no publish is acknowledged. */
export async function startScriptedBroker(
  onPublish: (packet: IPublishPacket, broker: ScriptedBroker) => void = () => {},
): Promise<ScriptedBroker> {
  const broker: ScriptedBroker = await ScriptedBroker.listen(
    net.createServer((socket) => broker.talkTo(socket, (packet) => onPublish(packet, broker))),
  )
  return broker
}
