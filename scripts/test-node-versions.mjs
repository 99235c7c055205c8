// Runs the suite, with the one binary that this Node built, on every Node that is supported.
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { main, say } from './console.mjs'
import { inRoot } from './paths.mjs'
import { capture, runNpm } from './processes.mjs'
import { compileTests, runTests, testFiles } from './test.mjs'

const VERSIONS = [20, 22, 24, 26]

function installNode(version) {
  const name = `node-${process.platform}-${process.arch}`
  const folder = inRoot('build', 'node-versions', String(version))
  const file = `${folder}/node_modules/${name}/bin/node`
  if (!existsSync(file)) {
    say(`fetching Node ${version}`)
    runNpm(
      [
        'install',
        '--no-save',
        '--no-audit',
        '--no-fund',
        '--ignore-scripts',
        '--loglevel=error',
      ].concat('--prefix', folder, `${name}@${version}`),
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
  }
  return file
}

await main(() => {
  const { positionals } = parseArgs({ allowPositionals: true })
  compileTests()
  const files = testFiles(positionals)
  const rows = VERSIONS.map((version) => {
    const node = installNode(version)
    const report = '[process.version, process.versions.openssl, process.versions.uv].join(" ")'
    const [exact, openssl, uv] = capture(node, ['-p', report]).stdout.trim().split(' ')
    say(`the suite on Node ${exact}`)
    const passed = runTests(files, { node }) === 0
    return { Node: exact, OpenSSL: openssl, libuv: uv, suite: passed ? 'passes' : 'FAILS' }
  })
  say(`one binary, built with Node ${process.version}:`)
  console.table(rows)
  return rows.every((row) => row.suite === 'passes') ? 0 : 1
})
