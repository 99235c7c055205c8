// Makes spans and metrics of OpenTelemetry from the tracing channels of lws-secure-streams. A program calls
// instrument() before it opens its context; nothing else of it knows of OpenTelemetry.
import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import {
  metrics,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'

const OPERATIONS = {
  request: { kind: SpanKind.CLIENT, metric: 'http.client.request.duration' },
  serve: { kind: SpanKind.SERVER, metric: 'http.server.request.duration' },
  send: { kind: SpanKind.PRODUCER, metric: 'messaging.client.operation.duration' },
  connect: { kind: SpanKind.INTERNAL, metric: 'lws_secure_streams.connect.duration' },
}

/** Keeps OpenTelemetry's active context in a store that the channels can be bound to. */
export class StoredContext {
  store = new AsyncLocalStorage()

  active() {
    return this.store.getStore() ?? ROOT_CONTEXT
  }

  with(active, call, self, ...args) {
    return this.store.run(active, () => call.apply(self, args))
  }

  bind(active, target) {
    if (typeof target !== 'function') return target
    return (...args) => this.with(active, target, undefined, ...args)
  }

  enable() {
    return this
  }

  disable() {
    this.store.disable()
    return this
  }
}

const ofHeaders = {
  get: (headers, name) => headers.get(name) ?? undefined,
  keys: (headers) => [...headers.keys()],
}

/**
 * Begins. The providers of traces and metrics have to be registered, and `contexts` with them, as their
 * context manager.
 */
export function instrument(contexts) {
  const tracer = trace.getTracer('lws-secure-streams')
  const meter = metrics.getMeter('lws-secure-streams')
  for (const [name, { kind, metric }] of Object.entries(OPERATIONS)) {
    const durations = meter.createHistogram(metric, { unit: 's' })
    const channel = tracingChannel(`lws-secure-streams:${name}`)
    const spans = new WeakMap()

    // What it returns is the active context of all that happens in the operation.
    channel.start.bindStore(contexts.store, (operation) => {
      const active = contexts.active()
      const parent =
        name === 'serve' ? propagation.extract(active, operation.headers, ofHeaders) : active
      const attributes = attributesOf(operation)
      const span = tracer.startSpan(`${name} ${operation.streamtype}`, { kind, attributes }, parent)
      spans.set(operation, { span, began: performance.now(), attributes })
      const own = trace.setSpan(parent, span)
      // traceparent: the policy says which streamtypes have it, and as which header.
      if (operation.metadata) propagation.inject(own, operation.metadata)
      return own
    })

    channel.asyncEnd.subscribe((operation) => {
      const { span, began, attributes } = spans.get(operation) ?? {}
      if (!span) return
      const { status, url, error } = operation
      const outcome = {
        ...(status && { 'http.response.status_code': status }),
        ...(error && { 'error.type': error.code ?? error.name }),
      }
      span.setAttributes(outcome)
      if (url) span.setAttribute(name === 'serve' ? 'url.path' : 'url.full', url)
      if (error) {
        span.recordException(error)
        span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
      }
      span.end()
      durations.record((performance.now() - began) / 1000, { ...attributes, ...outcome })
    })
  }
}

function attributesOf({ streamtype, protocol, endpoint, method }) {
  const [, address, port] = /^(.*):(\d+)$/.exec(endpoint) ?? [undefined, endpoint]
  return {
    'lws_secure_streams.streamtype': streamtype,
    'network.protocol.name': protocol,
    'server.address': address,
    ...(port && { 'server.port': Number(port) }),
    ...(method && { 'http.request.method': method }),
  }
}
