// Runs test/smoke on this platform's build: `npm run test:smoke`, or `-- NAME…` for some of its checks.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { isMain, main } from './console.mjs'
import { inRoot, root } from './paths.mjs'
import { run } from './processes.mjs'

export const smokeProgram = inRoot('test', 'smoke', 'smoke.mjs')

/** The certificate authority of the suite, without a compiled suite. */
async function authority() {
  const outfile = inRoot('build', 'smoke', 'certificates.mjs')
  await build({
    entryPoints: [inRoot('test', 'peers', 'certificates.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  })
  const { CertificateAuthority } = await import(pathToFileURL(outfile).href)
  return CertificateAuthority
}

/** Makes the certificates that test/smoke/smoke.mjs wants, and returns the file that has them. */
export async function makeSmokeCertificates(folder = inRoot('build', 'smoke')) {
  const CertificateAuthority = await authority()
  const own = await CertificateAuthority.create()
  const other = await CertificateAuthority.create('another CA')
  const expired = { notBefore: new Date(1), notAfter: new Date(2) }
  const file = path.join(folder, 'certificates.json')
  const certificates = {
    ca: own.pem,
    trusted: await own.issue(),
    stranger: await other.issue(),
    expired: await own.issue(expired),
    otherName: await own.issue({ names: ['example.com'] }),
  }
  writeFileSync(file, JSON.stringify(certificates, null, 2))
  return file
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const { positionals } = parseArgs({ allowPositionals: true })
    const certificates = await makeSmokeCertificates()
    const args = [smokeProgram, root, certificates, ...positionals]
    run(process.execPath, args, { name: 'test:smoke' })
  })
}
