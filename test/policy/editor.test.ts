/** What an editor makes of the schema: the service is the one that VS Code and many others use. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { checkPolicy } from 'lws-secure-streams/policy'
import {
  type ClientCapabilities,
  type CompletionItem,
  getLanguageService,
  type MarkedString,
  TextDocument,
} from 'vscode-json-languageservice'

const schemaFile = createRequire(__filename).resolve('lws-secure-streams/policy.schema.json')
const $schema = pathToFileURL(schemaFile).href

const FOR_MARKDOWN: ClientCapabilities = {
  textDocument: { completion: { completionItem: { documentationFormat: ['markdown'] } } },
}

const service = getLanguageService({
  clientCapabilities: FOR_MARKDOWN,
  schemaRequestService: async (uri) => readFileSync(new URL(uri), 'utf8'),
})
// As an editor's settings say it: for these files, without "$schema".
service.configure({ schemas: [{ uri: $schema, fileMatch: ['*.policy.json'] }] })

/** A policy in which `|` is where the cursor stands. */
function open(text: string) {
  const withSchema = text.replace('{', `{ "$schema": ${JSON.stringify($schema)}, `)
  const offset = withSchema.indexOf('|')
  const content = offset === -1 ? withSchema : withSchema.replace('|', '')
  const document = TextDocument.create('file:///policy.json', 'json', 1, content)
  return { document, json: service.parseJSONDocument(document), at: document.positionAt(offset) }
}

async function items(text: string): Promise<CompletionItem[]> {
  const { document, at, json } = open(text)
  return (await service.doComplete(document, at, json))?.items ?? []
}

async function completions(text: string): Promise<Map<string, string>> {
  const documentation = (item: CompletionItem) =>
    typeof item.documentation === 'object' ? item.documentation.value : String(item.documentation)
  return new Map((await items(text)).map((item) => [item.label, documentation(item)]))
}

/** The keys that are offered for a streamtype that begins in this way, as an editor orders them. */
async function keysOffered(beginning: string): Promise<string[]> {
  const offered = await items(`{ "s": [{ "a": { ${beginning} "|" } }] }`)
  const order = ({ sortText, label }: CompletionItem) => sortText ?? label
  return offered.sort((a, b) => (order(a) < order(b) ? -1 : 1)).map(({ label }) => label)
}

/** What the editor shows, in Markdown. */
async function hover(text: string): Promise<string> {
  const { document, at, json } = open(text)
  const contents = (await service.doHover(document, at, json))?.contents as MarkedString[]
  return contents.join('\n')
}

async function problems(text: string): Promise<string[]> {
  const { document, json } = open(text)
  return (await service.doValidation(document, json)).map(({ message }) => String(message))
}

/** What an editor has written when its user takes each placeholder as it is. */
const withoutPlaceholders = (text: string) =>
  text.replace(/\$\{\d+:([^}]*)\}/g, '$1').replace(/\$\d+/g, '')

describe('in an editor, by its "$schema", a policy', () => {
  test('has its keys completed, each with what it does', async () => {
    const keys = await completions('{ "s": [{ "a": { "http_|" } }] }')
    assert.match(keys.get('http_url') ?? '', /^The path and query/)
    assert.equal(keys.has('conceal'), false)
    assert.ok((await completions('{ "retry": [{ "a": { "|" } }] }')).has('conceal'))
    assert.ok((await completions('{ "|" }')).has('trust_stores'))
  })

  test('has values completed', async () => {
    const values = await completions('{ "s": [{ "a": { "protocol": | } }] }')
    assert.ok(values.has('"mqtt"'))
  })

  test('has its keys explained', async () => {
    assert.match(
      await hover('{ "s": [{ "a": { "mqtt_k|eep_alive": 1 } }] }'),
      /without a packet to the broker, in s/,
    )
    assert.match(await hover('{ "retry": [{ "a": { "con|ceal": 1 } }] }'), /Default: `0`/)
  })

  for (const [protocol, its, others] of [
    ['h1', ['http_url', 'http_method', 'timeout_ms'], ['mqtt_topic', 'nghttp2_quirk_end_stream']],
    ['h2', ['http_url', 'nghttp2_quirk_end_stream'], ['mqtt_topic', 'ws_prioritize_reads']],
    ['ws', ['http_url', 'ws_binary', 'ws_prioritize_reads'], ['mqtt_topic', 'http_method']],
    ['mqtt', ['mqtt_topic', 'mqtt_will_topic', 'tls'], ['http_url', 'ws_binary', 'rideshar']],
    ['raw', ['endpoint', 'tls'], ['http_url', 'ws_binary', 'mqtt_topic']],
  ] as const)
    test(`is offered only the keys of ${protocol}, for clients and for servers`, async () => {
      const keys = await keysOffered(`"protocol": "${protocol}",`)
      for (const key of its) assert.ok(keys.includes(key), key)
      for (const key of others) assert.ok(!keys.includes(key), key)
      assert.ok(keys.includes('tls_trust_store') && !keys.includes('server_cert'))
      const ofServer = await keysOffered(`"protocol": "${protocol}", "server": true,`)
      assert.ok(!ofServer.includes('tls_trust_store') && ofServer.includes('server_cert'))
      assert.deepEqual(keys.slice().sort(), [...new Set(keys)].sort())
    })

  test('is offered the keys of h1 before it says its protocol', async () => {
    const keys = await keysOffered('')
    assert.ok(keys.includes('protocol') && keys.includes('http_url'))
    assert.ok(!keys.includes('mqtt_topic'))
  })

  test('is offered last, and with a remark, what has no effect or a better name', async () => {
    const keys = await keysOffered('"protocol": "h1",')
    const last = ['aux', 'client cert', 'client_buflen_rxflow_off_below', 'urgent_rx', 'urgent_tx']
    const first = Math.min(...last.map((key) => keys.indexOf(key)))
    assert.ok(first > 0)
    for (const key of ['endpoint', 'ws_subprotocol', 'use_auth'])
      assert.ok(keys.indexOf(key) < first, key)
    const details = new Map(
      (await items('{ "s": [{ "a": { "|" } }] }')).map(({ label, detail }) => [label, detail]),
    )
    assert.equal(details.get('urgent_tx'), 'without effect')
    assert.equal(details.get('aux'), 'another name of http_url')
    assert.equal(details.get('endpoint'), undefined)
  })

  for (const [what, text] of [
    ['an item of "s"', '{ "s": [|] }'],
    ['the value of a name', '{ "s": [{ "a": | }] }'],
  ] as const)
    test(`has streamtypes of each protocol written as ${what}, in which the checker finds nothing wrong`, async () => {
      const snippets = (await items(text)).filter(({ label }) =>
        /^(h1|h2|ws|mqtt|raw): /.test(label),
      )
      assert.deepEqual(
        snippets.map(({ label }) => label.split(':')[0]),
        ['h1', 'h2', 'ws', 'mqtt', 'raw'],
      )
      for (const { insertText = '' } of snippets) {
        const written = text.replace('|', withoutPlaceholders(insertText))
        const found = checkPolicy(written).filter(({ severity }) => severity !== 'info')
        assert.deepEqual(found, [], written)
        assert.deepEqual(await problems(written), [])
      }
    })

  test('has a whole policy written', async () => {
    const content = '{}'
    const document = TextDocument.create('file:///new.policy.json', 'json', 1, '')
    const json = service.parseJSONDocument(document)
    const list = await service.doComplete(document, document.positionAt(0), json)
    const [snippet] = (list?.items ?? []).filter(({ label }) => label.startsWith('policy:'))
    const written = withoutPlaceholders(snippet?.insertText ?? content)
    const found = checkPolicy(written).filter(({ severity }) => severity !== 'info')
    assert.deepEqual(found, [], written)
  })

  test('has its keys explained in Markdown, with a link to the specification', async () => {
    const shown = await hover('{ "s": [{ "a": { "protocol": "mqtt", "mqtt_k|eep_alive": 1 } }] }')
    assert.match(shown, /^The longest time without a packet to the broker, in s\./)
    assert.match(shown, /^For clients of `mqtt`\.$/m)
    assert.match(
      shown,
      /^Specification: \[`mqtt_keep_alive`\]\(https:\/\/\S+\/README\.md#mqtt_keep_alive\)$/m,
    )
  })

  for (const [what, text, sentence] of [
    [
      'a key of another protocol',
      '{ "s": [{ "a": { "protocol": "mqtt", "http_url": "x" } }] }',
      '"http_url" is for h1, h2, ws, and this streamtype is of mqtt.',
    ],
    [
      'a key that another protocol ignores',
      '{ "s": [{ "a": { "protocol": "h1", "ws_prioritize_reads": true } }] }',
      '"ws_prioritize_reads" is for ws, and this streamtype is of h1.',
    ],
    [
      'a key of servers',
      '{ "s": [{ "a": { "protocol": "h1", "server_cert": "x" } }] }',
      '"server_cert" is for a server, and this streamtype is a client.',
    ],
    [
      'a key without effect',
      '{ "s": [{ "a": { "protocol": "h1", "urgent_tx": true } }] }',
      '"urgent_tx" has no effect: lws parses it and never uses it.',
    ],
    [
      'an older name',
      '{ "s": [{ "a": { "protocol": "h1", "aux": "x" } }] }',
      '"aux" is another name of "http_url".',
    ],
    [
      'another protocol',
      '{ "s": [{ "a": { "protocol": "h3" } }] }',
      'The protocol is one of h1, h2, ws, mqtt, raw.',
    ],
    ['text for a flag', '{ "s": [{ "a": { "tls": "yes" } }] }', 'true or false is expected here.'],
    [
      'text for a number',
      '{ "s": [{ "a": { "port": "http" } }] }',
      'A whole number is expected here, from 0 to 65535.',
    ],
    [
      'a flag for a number',
      '{ "s": [{ "a": { "port": true } }] }',
      'A whole number is expected here, from 0 to 65535.',
    ],
    [
      'a number for text',
      '{ "s": [{ "a": { "endpoint": 5 } }] }',
      'Text in quotes is expected here.',
    ],
    [
      'a line break',
      '{ "s": [{ "a": { "endpoint": "a\\nb" } }] }',
      'This text must have no line break and no other control character.',
    ],
    [
      'a name with a dot',
      '{ "s": [{ "a.b": {} }] }',
      'The name of a streamtype has at least one character, no dot and no control character.',
    ],
    ['text for a list', '{ "s": "x" }', 'A list is expected here: [ … ].'],
    ['text for a streamtype', '{ "s": [{ "a": "x" }] }', 'An object is expected here: { … }.'],
    [
      'what is no base64',
      '{ "certs": [{ "a": "-" }] }',
      'The base64 of DER is expected here: what is between the BEGIN and END lines of PEM.',
    ],
  ] as const)
    test(`has ${what} marked, with one sentence`, async () => {
      assert.deepEqual(await problems(text), [sentence])
    })

  test('has its mistakes marked', async () => {
    assert.deepEqual(await problems('{ "s": [{ "a": { "endpoint": "e", "port": 80 } }] }'), [])
    const [unknown] = await problems('{ "s": [{ "a": { "http_metod": "GET" } }] }')
    assert.match(String(unknown), /http_metod/)
    const [wrong] = await problems('{ "s": [{ "a": { "port": 65536 } }] }')
    assert.match(String(wrong), /65535/)
  })
})
