// The name and version of this package.
import { readFileSync } from 'node:fs'

const manifest = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { name: string; version: string }

export const packageName = manifest.name
export const packageVersion = manifest.version
