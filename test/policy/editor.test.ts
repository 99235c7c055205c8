/** What an editor makes of the schema: the service is the one that VS Code and many others use. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { getLanguageService, type MarkedString, TextDocument } from 'vscode-json-languageservice'

const schemaFile = createRequire(__filename).resolve('lws-secure-streams/policy.schema.json')
const $schema = pathToFileURL(schemaFile).href

const service = getLanguageService({
  schemaRequestService: async (uri) => readFileSync(new URL(uri), 'utf8'),
})

/** A policy in which `|` is where the cursor stands. */
function open(text: string) {
  const withSchema = text.replace('{', `{ "$schema": ${JSON.stringify($schema)}, `)
  const offset = withSchema.indexOf('|')
  const content = offset === -1 ? withSchema : withSchema.replace('|', '')
  const document = TextDocument.create('file:///policy.json', 'json', 1, content)
  return { document, json: service.parseJSONDocument(document), at: document.positionAt(offset) }
}

async function completions(text: string): Promise<Map<string, string>> {
  const { document, at, json } = open(text)
  const list = await service.doComplete(document, at, json)
  return new Map(list?.items.map(({ label, documentation }) => [label, String(documentation)]))
}

/** What the editor shows, from Markdown in which every sign is escaped. */
async function hover(text: string): Promise<string> {
  const { document, at, json } = open(text)
  const contents = (await service.doHover(document, at, json))?.contents as MarkedString[]
  return contents.join('\n').replaceAll('\\', '')
}

async function problems(text: string): Promise<string[]> {
  const { document, json } = open(text)
  return (await service.doValidation(document, json)).map(({ message }) => String(message))
}

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
      /of the client at least, in s/,
    )
    assert.match(await hover('{ "retry": [{ "a": { "con|ceal": 1 } }] }'), /Default: `0`/)
  })

  test('has its mistakes marked', async () => {
    assert.deepEqual(await problems('{ "s": [{ "a": { "endpoint": "e", "port": 80 } }] }'), [])
    const [unknown] = await problems('{ "s": [{ "a": { "http_metod": "GET" } }] }')
    assert.match(String(unknown), /http_metod/)
    const [wrong] = await problems('{ "s": [{ "a": { "port": 65536 } }] }')
    assert.match(String(wrong), /65535/)
  })
})
