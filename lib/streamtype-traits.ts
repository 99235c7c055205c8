import type { NativeStreamTraits } from './native.js'
import type { Streamtype } from './policy/types.js'

const methodsWithBody = new Set(['POST', 'PUT', 'PATCH'])

/** How a streamtype's protocol behaves. */
export function streamTraits(definition: Streamtype): NativeStreamTraits {
  const protocol = definition.protocol ?? 'h1'
  const transactional = protocol === 'h1' || protocol === 'h2'
  return {
    transactional,
    acknowledged: transactional || protocol === 'mqtt',
    canSend: transactional
      ? methodsWithBody.has(definition.http_method ?? 'GET')
      : protocol !== 'mqtt' || definition.mqtt_topic !== undefined,
  }
}

/** The names that a streamtype's `metadata` declares. */
export function metadataNames(definition: Streamtype): readonly string[] {
  return (definition.metadata ?? []).flatMap((entry) => Object.keys(entry))
}
