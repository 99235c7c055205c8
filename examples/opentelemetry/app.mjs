// A server that asks another for what it serves, traced.
//
//   node app.mjs [POLICY]
import { fileURLToPath } from 'node:url'
import { metrics } from '@opentelemetry/api'
import {
  ConsoleMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  ConsoleSpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import { openContext } from 'lws-secure-streams'
import { instrument, StoredContext } from './instrument.mjs'

// To the terminal; the exporters of @opentelemetry/exporter-*-otlp-* send them to a collector.
const traces = new NodeTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())],
})
const readings = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() })],
})
const contexts = new StoredContext()
traces.register({ contextManager: contexts })
metrics.setGlobalMeterProvider(readings)
instrument(contexts)

const policyFile = process.argv[2] ?? fileURLToPath(new URL('policy.json', import.meta.url))
const context = await openContext({ policyFile })

metrics
  .getMeter('app')
  .createObservableGauge('lws_secure_streams.streams')
  .addCallback((gauge) => gauge.observe(context.stats.streams))

const server = await context.serve('site', {
  async transaction(txn) {
    const reply = await context.request('weather')
    txn.ack({ mime: 'text/plain' })
    await txn.end(`The weather: ${await reply.text()}\n`)
  },
})
console.log(`Serving on port ${server.port}`)

process.once('SIGINT', async () => {
  await context.close()
  await readings.shutdown()
  await traces.shutdown()
})
