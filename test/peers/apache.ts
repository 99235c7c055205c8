// Apache httpd, as Debian has it.

import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ListeningProgram } from './listening-program.js'
import type { TlsIdentity } from './peer.js'

const MODULES = '/usr/lib/apache2/modules'

/**
 * Apache httpd as Debian has it. `modules` are those that `config`, which stands inside the virtual host,
 * needs besides TLS; `files` are what is served.
 */
export function startApache(options: {
  tls: TlsIdentity & { ca: string }
  files: Record<string, string>
  modules: string[]
  config: string
}): Promise<ListeningProgram> {
  return ListeningProgram.start('apache2', async (port, folder) => {
    for (const kind of ['cert', 'key', 'ca'] as const)
      await writeFile(path.join(folder, `${kind}.pem`), options.tls[kind])
    for (const [name, content] of Object.entries(options.files))
      await writeFile(path.join(folder, name), content)
    const modules = ['mpm_event', 'authz_core', 'socache_shmcb', 'ssl', ...options.modules]
    const loaded = modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`)
    const file = path.join(folder, 'apache.conf')
    // Run by root, it serves as somebody else.
    const user = process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''
    await writeFile(
      file,
      `ServerRoot ${folder}
ServerName localhost
DefaultRuntimeDir ${folder}
PidFile apache.pid
Mutex file:${folder} default
ErrorLog error.log
${user}
${loaded.join('\n')}
Listen 127.0.0.1:${port}
DocumentRoot ${folder}
<VirtualHost *>
SSLEngine on
SSLCertificateFile cert.pem
SSLCertificateKeyFile key.pem
SSLCACertificateFile ca.pem
${options.config}
</VirtualHost>
`,
    )
    return ['-f', file, '-DFOREGROUND']
  })
}
