// Starts nginx.

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { inRoot } from '../../scripts/paths.mjs'
import { which } from '../../scripts/processes.mjs'
import { selfSigned } from '../certificate.mjs'
import { startServer } from './process.mjs'

const BODY_BYTES = 1024

/** nginx with one worker, which serves `/1k` over HTTP/1.1, or HTTP/2, or with TLS. */
export async function startNginx(core, { tls = false, http2 = false } = {}) {
  const certificate = tls ? await selfSigned() : undefined
  return startServer(core, (port) => {
    const folder = inRoot('build', 'bench', `nginx-${port}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, '1k'), 'x'.repeat(BODY_BYTES))
    const listen = ['listen', `127.0.0.1:${port}`, tls && 'ssl', http2 && 'http2', 'backlog=4096']
    const lines = [`${listen.filter(Boolean).join(' ')};`]
    if (certificate) {
      for (const kind of ['cert', 'key'])
        writeFileSync(path.join(folder, `${kind}.pem`), certificate[kind], { mode: 0o600 })
      lines.push('ssl_certificate cert.pem;', 'ssl_certificate_key key.pem;')
    }
    const config = path.join(folder, 'nginx.conf')
    writeFileSync(
      config,
      `daemon off; master_process off; pid nginx.pid; error_log stderr error;
events { worker_connections 16000; }
http {
  access_log off; sendfile on; tcp_nodelay on; open_file_cache max=10;
  keepalive_requests 1000000000; http2_max_concurrent_streams 128;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4;
  scgi_temp_path t5;
  server { ${lines.join(' ')} root ${folder}; }
}
`,
    )
    return [which('nginx', ['/usr/sbin', '/usr/local/sbin']), '-p', folder, '-c', config]
  }).then((server) => ({ ...server, ca: certificate?.cert }))
}
