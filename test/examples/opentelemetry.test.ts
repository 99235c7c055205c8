/** The example of OpenTelemetry: its spans, and traceparent on the wire. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { context as active, metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import { openContext, type PolicyInput } from 'lws-secure-streams'
import { startHttp1 } from '../peers/index.js'
import { deadPort } from '../support/dead-port.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { examplePolicy, RunningExample } from './running-example.js'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${TRACE}-b7ad6b7169203331-01`

describe('examples/opentelemetry', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const spans = new InMemorySpanExporter()
  const readings = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter: readings })

  const policyFor = (port: number) =>
    examplePolicy('opentelemetry/policy.json', {
      weather: { port, http_url: 'echo' },
      site: { port: 0 },
    })

  before(async () => {
    const { instrument, StoredContext } = await import(
      `${process.cwd()}/examples/opentelemetry/instrument.mjs`
    )
    const contexts = new StoredContext()
    const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
    provider.register({ contextManager: contexts })
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
    instrument(contexts)
  })

  const named = (name: string) =>
    spans.getFinishedSpans().find((span) => span.name === name) as ReadableSpan
  const idOf = (span: ReadableSpan) => span.spanContext().spanId

  it('traces a request below what the program does, and says so to the server', async () => {
    spans.reset()
    await using peer = await startHttp1()
    await using context = await openContext({ policy: policyFor(peer.port) })
    const root = trace.getTracer('test').startSpan('the program')
    const reply = await active.with(trace.setSpan(active.active(), root), () =>
      context.request('weather'),
    )
    assert.equal(reply.status, 200)
    root.end()
    const request = named('request weather')
    const { traceId, spanId } = root.spanContext()
    assert.equal(request.kind, SpanKind.CLIENT)
    assert.equal(request.parentSpanContext?.spanId, spanId)
    assert.equal(named('connect weather').parentSpanContext?.spanId, idOf(request))
    assert.equal(peer.requests[0]?.headers.traceparent, `00-${traceId}-${idOf(request)}-01`)
    assert.equal(request.attributes['http.response.status_code'], 200)
    assert.equal(request.attributes['server.port'], peer.port)
    await reader.forceFlush()
    const [{ scopeMetrics = [] } = {}] = readings.getMetrics()
    const durations = scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .find(({ descriptor }) => descriptor.name === 'http.client.request.duration')
    assert.equal(durations?.dataPoints[0]?.attributes['http.response.status_code'], 200)
  })

  it('goes on with the trace of a client, and has what is asked for it below that', async () => {
    spans.reset()
    await using peer = await startHttp1()
    await using context = await openContext({ policy: policyFor(peer.port) })
    const server = await context.serve('site', {
      async transaction(txn) {
        await context.request('weather')
        await txn.end('done')
      },
    })
    const answer = await fetch(`http://127.0.0.1:${server.port}/`, { headers: { traceparent } })
    assert.equal(await answer.text(), 'done')
    await server.close()
    const serve = named('serve site')
    const request = named('request weather')
    assert.equal(serve.kind, SpanKind.SERVER)
    assert.equal(serve.parentSpanContext?.spanId, 'b7ad6b7169203331')
    assert.equal(serve.spanContext().traceId, TRACE)
    assert.equal(request.parentSpanContext?.spanId, idOf(serve))
    assert.equal(peer.requests[0]?.headers.traceparent, `00-${TRACE}-${idOf(request)}-01`)
  })

  it('marks what fails', async () => {
    spans.reset()
    await using nobody = await deadPort()
    await using context = await openContext({ policy: policyFor(nobody.port) })
    await assert.rejects(context.request('weather'))
    const { status, attributes, events } = named('request weather')
    assert.equal(status.code, SpanStatusCode.ERROR)
    assert.equal(attributes['error.type'], 'ERR_SS_ALL_RETRIES_FAILED')
    assert.equal(events[0]?.name, 'exception')
  })

  it('sends nothing for a streamtype that does not declare it', async () => {
    await using peer = await startHttp1()
    const policy = JSON.parse(policyFor(peer.port)) as Required<PolicyInput>
    for (const entry of policy.s) if (entry.weather) entry.weather.metadata = []
    await using context = await openContext({ policy })
    await context.request('weather')
    assert.equal(peer.requests[0]?.headers.traceparent, undefined)
  })

  it('runs as its README says', async () => {
    await using peer = await startHttp1()
    const policy = folder.put('policy.json', policyFor(peer.port))
    await using app = new RunningExample('opentelemetry/app.mjs', policy)
    const [, port] = await app.line(/Serving on port (\d+)/)
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { traceparent } })
    assert.match(await answer.text(), /^The weather: /)
    assert.match(String(peer.requests[0]?.headers.traceparent), new RegExp(`^00-${TRACE}-`))
    await app.line(/name: 'serve site'/)
    app.child.kill('SIGINT')
    assert.equal(await app.over, 0)
    assert.match(app.output, /http\.server\.request\.duration/)
    assert.equal(app.errors, '')
  })
})
