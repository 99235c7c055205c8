// The MQTT broker aedes.

import net from 'node:net'
import tls from 'node:tls'
import { Aedes, type AedesPublishPacket } from 'aedes'
import { type Listening, ServerPeer, type TlsIdentity } from './peer.js'

/** The aedes MQTT broker. */
export class AedesPeer extends ServerPeer {
  broker!: Aedes
  /** What clients published. */
  readonly published: { topic: string; payload: Buffer; qos: number }[] = []

  override async close(): Promise<void> {
    await new Promise<void>((resolve) => this.broker.close(() => resolve()))
    await super.close()
  }
}

export async function startAedes(
  options: { tls?: TlsIdentity } & Listening = {},
): Promise<AedesPeer> {
  const broker = await Aedes.createBroker()
  const server = options.tls
    ? tls.createServer(options.tls, broker.handle)
    : net.createServer(broker.handle)
  const peer = await AedesPeer.listen(server, options)
  peer.broker = broker
  broker.on('publish', (packet: AedesPublishPacket, client) => {
    if (client)
      peer.published.push({
        topic: packet.topic,
        payload: Buffer.from(packet.payload),
        qos: packet.qos,
      })
  })
  return peer
}
