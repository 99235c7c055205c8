// The servers of `npm run test:servers`.

import { AIOHTTP, ASGI, MOJO, PHP, PSGI, RACK, TORNADO, WSGI, WSGI_SERVE } from './programs.js'
import type { Mode, Server, Site } from './server.js'

const ALL: Mode[] = ['h1', 'h1 tls', 'h2', 'h2 tls']
const at = ({ port }: Site) => `127.0.0.1:${port}`
const when = (condition: boolean, ...lines: string[]) => (condition ? lines.join('\n') : '')

/** A server that runs a program on one port of h1. */
const program = (
  name: string,
  debian: string,
  files: Record<string, string>,
  command: (site: Site) => [string, ...string[]],
  more: Partial<Server> = {},
): Server => ({ name, package: debian, modes: ['h1'], files: () => files, command, ...more })

export const servers: Server[] = [
  {
    name: 'nginx',
    package: 'nginx-light',
    modes: ALL,
    graceful: 'SIGQUIT',
    files: (site) => ({
      'nginx.conf': `daemon off; pid nginx.pid; error_log stderr error; worker_processes 1;
events { worker_connections 1000; }
http { access_log off; client_max_body_size 1m;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4;
  scgi_temp_path t5;
  server { listen ${at(site)}${when(site.tls, ' ssl')}${when(site.h2, ' http2')}; root ${site.folder};
    ${when(site.tls, 'ssl_certificate cert.pem; ssl_certificate_key key.pem;')} } }
`,
    }),
    command: ({ folder }) => ['nginx', '-p', folder, '-c', `${folder}/nginx.conf`],
  },
  {
    name: 'apache',
    package: 'apache2',
    modes: ALL,
    graceful: 'SIGWINCH',
    files: (site) => ({
      'apache.conf': `
${['mpm_event', 'authz_core', 'http2', 'ssl', 'socache_shmcb']
  .map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
  .join('\n')}
ServerName localhost
User www-data
Group www-data
Listen ${at(site)}
PidFile ${site.folder}/apache.pid
ErrorLog ${site.folder}/apache.log
DocumentRoot ${site.folder}
Protocols ${site.h2 ? (site.tls ? 'h2' : 'h2c') : ''} http/1.1
${when(site.tls, 'SSLEngine on', `SSLCertificateFile ${site.folder}/cert.pem`, `SSLCertificateKeyFile ${site.folder}/key.pem`)}
<Directory ${site.folder}>
  Require all granted
</Directory>
`,
    }),
    command: ({ folder }) => [
      'apache2',
      '-d',
      folder,
      '-f',
      `${folder}/apache.conf`,
      '-DFOREGROUND',
    ],
  },
  {
    name: 'lighttpd',
    package: 'lighttpd lighttpd-mod-openssl',
    modes: ALL,
    graceful: 'SIGINT',
    files: (site) => ({
      'lighttpd.conf': `server.document-root = "${site.folder}"
server.bind = "127.0.0.1"
server.port = ${site.port}
server.feature-flags = ( "server.h2proto" => "enable", "server.h2c" => "enable",
  "server.graceful-shutdown-timeout" => 5 )
${when(site.tls, 'server.modules += ("mod_openssl")', 'ssl.engine = "enable"', `ssl.pemfile = "${site.folder}/both.pem"`)}
`,
    }),
    command: ({ folder }) => ['lighttpd', '-D', '-f', `${folder}/lighttpd.conf`],
  },
  {
    name: 'haproxy',
    package: 'haproxy',
    modes: ALL,
    graceful: 'SIGUSR1',
    files: (site) => ({
      'haproxy.cfg': `global
  maxconn 2000
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend front
  bind ${at(site)}${when(site.tls, ` ssl crt ${site.folder}/both.pem alpn ${site.h2 ? 'h2' : 'http/1.1'}`)}${when(!site.tls && site.h2, ' proto h2')}
  default_backend back
backend back
  server node 127.0.0.1:${site.backend}
`,
    }),
    command: ({ folder }) => ['haproxy', '-db', '-f', `${folder}/haproxy.cfg`],
  },
  {
    name: 'h2o',
    package: 'h2o',
    modes: ALL,
    files: (site) => ({
      'h2o.yaml': `listen:
  host: 127.0.0.1
  port: ${site.port}
${when(site.tls, '  ssl:', '    certificate-file: cert.pem', '    key-file: key.pem')}
hosts:
  default:
    paths:
      "/":
        file.dir: ${site.folder}
`,
    }),
    command: ({ folder }) => ['h2o', '-c', `${folder}/h2o.yaml`],
  },
  {
    name: 'caddy',
    package: 'caddy',
    modes: ALL,
    environment: { XDG_DATA_HOME: '/tmp/caddy-data', XDG_CONFIG_HOME: '/tmp/caddy-data' },
    files: (site) => ({
      Caddyfile: `{
  admin off
  auto_https off
  grace_period 5s
  servers {
    protocols h1 h2 h2c
  }
}
${site.tls ? 'https' : 'http'}://:${site.port} {
  bind 127.0.0.1
  ${when(site.tls, 'tls cert.pem key.pem')}
  root * ${site.folder}
  file_server
}
`,
    }),
    command: () => ['caddy', 'run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
  },
  {
    name: 'nghttpd',
    package: 'nghttp2-server',
    modes: ['h2', 'h2 tls'],
    command: (site) => [
      'nghttpd',
      '-a127.0.0.1',
      `-d${site.folder}`,
      ...(site.tls ? [`${site.port}`, 'key.pem', 'cert.pem'] : ['--no-tls', `${site.port}`]),
    ],
  },
  {
    name: 'nghttpx',
    package: 'nghttp2-proxy',
    modes: ALL,
    graceful: 'SIGQUIT',
    command: (site) => [
      'nghttpx',
      `-f127.0.0.1,${site.port}${when(!site.tls, ';no-tls')}`,
      `-b127.0.0.1,${site.backend}`,
      '--workers=1',
      '--errorlog-file=nghttpx.log',
      '--accesslog-file=/dev/null',
      ...(site.tls ? ['key.pem', 'cert.pem'] : []),
    ],
  },
  {
    name: 'varnish',
    package: 'varnish',
    modes: ['h1', 'h2'],
    command: (site) => [
      'varnishd',
      '-F',
      '-a',
      at(site),
      '-b',
      `127.0.0.1:${site.backend}`,
      '-n',
      `${site.folder}/varnish`,
      ...(site.h2 ? ['-p', 'feature=+http2'] : []),
    ],
  },
  {
    name: 'squid',
    package: 'squid',
    modes: ['h1'],
    files: (site) => ({
      'squid.conf': `http_port ${at(site)} accel defaultsite=localhost no-vhost
cache_peer 127.0.0.1 parent ${site.backend} 0 no-query originserver name=node
http_access allow all
cache deny all
access_log none
cache_log /dev/null
pid_filename none
cache_effective_user proxy
shutdown_lifetime 5 seconds
coredump_dir /tmp
pinger_enable off
`,
    }),
    command: ({ folder, port }) => ['squid', '-N', '-n', `ss${port}`, '-f', `${folder}/squid.conf`],
  },
  {
    name: 'trafficserver',
    package: 'trafficserver',
    modes: ['h1'],
    files: (site) => ({
      'runroot.yaml': `prefix: /usr
bindir: /usr/bin
sysconfdir: ${site.folder}
libexecdir: /usr/lib/trafficserver/modules
${['datadir', 'localstatedir', 'runtimedir', 'logdir', 'cachedir']
  .map((name) => `${name}: ${site.folder}`)
  .join('\n')}
`,
      'records.config': `CONFIG proxy.config.http.server_ports STRING ${site.port}:ip-in=127.0.0.1
CONFIG proxy.config.http.cache.http INT 0
CONFIG proxy.config.log.logging_enabled INT 0
CONFIG proxy.config.admin.user_id STRING #-1
`,
      'remap.config': `map / http://127.0.0.1:${site.backend}/\n`,
      'storage.config': `${site.folder} 32M\n`,
      'ip_allow.yaml': `ip_allow:
  - { apply: in, ip_addrs: 127.0.0.1, action: allow, methods: ALL }
`,
      'plugin.config': '',
    }),
    command: ({ folder }) => ['traffic_server', `--run-root=${folder}/runroot.yaml`],
  },
  {
    name: 'hitch',
    package: 'hitch',
    modes: ['h1 tls'],
    files: (site) => ({
      'hitch.conf': `frontend = "[127.0.0.1]:${site.port}"
backend = "[127.0.0.1]:${site.backend}"
pem-file = "${site.folder}/both.pem"
workers = 1
daemon = off
user = "nobody"
`,
    }),
    command: ({ folder }) => ['hitch', `--config=${folder}/hitch.conf`],
  },
  program('puma', 'puma', { 'config.ru': RACK }, (site) => [
    'puma',
    '-b',
    `tcp://${at(site)}`,
    '-t',
    '5:5',
    'config.ru',
  ]),
  program('gunicorn', 'gunicorn', { 'program.py': WSGI }, (site) => [
    'gunicorn',
    '-b',
    at(site),
    '--keep-alive',
    '2',
    '-k',
    'gthread',
    '--threads',
    '4',
    'program:app',
  ]),
  program('uwsgi', 'uwsgi-core uwsgi-plugin-python3', { 'program.py': WSGI }, (site) => [
    'uwsgi_python3',
    '--http-socket',
    at(site),
    '--wsgi-file',
    'program.py',
    '--callable',
    'app',
    '--master',
    '--die-on-term',
  ]),
  program('uvicorn', 'uvicorn', { 'program.py': ASGI }, (site) => [
    'uvicorn',
    '--port',
    `${site.port}`,
    '--log-level',
    'error',
    'program:app',
  ]),
  {
    name: 'hypercorn',
    package: 'python3-hypercorn',
    modes: ALL,
    files: () => ({ 'program.py': ASGI }),
    command: (site) => [
      'hypercorn',
      ...(site.tls ? ['--certfile', 'cert.pem', '--keyfile', 'key.pem'] : []),
      '-b',
      at(site),
      'program:app',
    ],
  },
  program(
    'daphne',
    'daphne',
    { 'program.py': ASGI },
    (site) => ['daphne', '-p', `${site.port}`, 'program:app'],
    { environment: { PYTHONPATH: '.' } },
  ),
  program('twisted', 'python3-twisted', {}, (site) => [
    'twistd3',
    '--nodaemon',
    '--pidfile=',
    'web',
    '--path',
    '.',
    '--listen',
    `tcp:${site.port}:interface=127.0.0.1`,
  ]),
  program(
    'waitress',
    'python3-waitress',
    { 'program.py': WSGI, 'serve.py': WSGI_SERVE },
    (site) => ['/usr/bin/python3', 'serve.py', 'waitress', `${site.port}`],
  ),
  program('cheroot', 'python3-cheroot', { 'program.py': WSGI, 'serve.py': WSGI_SERVE }, (site) => [
    '/usr/bin/python3',
    'serve.py',
    'cheroot',
    `${site.port}`,
  ]),
  program('aiohttp', 'python3-aiohttp', { 'serve.py': AIOHTTP }, (site) => [
    '/usr/bin/python3',
    'serve.py',
    `${site.port}`,
  ]),
  program('tornado', 'python3-tornado', { 'serve.py': TORNADO }, (site) => [
    '/usr/bin/python3',
    'serve.py',
    `${site.port}`,
  ]),
  program('webrick', 'ruby-webrick', {}, (site) => [
    'ruby',
    '-run',
    '-ehttpd',
    '.',
    `-p${site.port}`,
    '-b127.0.0.1',
  ]),
  program('php', 'php-cli', { 'router.php': PHP }, (site) => ['php', '-S', at(site), 'router.php']),
  program('starman', 'starman', { 'app.psgi': PSGI }, (site) => [
    'starman',
    '--listen',
    at(site),
    '--workers',
    '2',
    'app.psgi',
  ]),
  program('feersum', 'feersum', { 'app.psgi': PSGI }, (site) => [
    'feersum',
    '--listen',
    at(site),
    'app.psgi',
  ]),
  program('mojolicious', 'libmojolicious-perl', { 'app.pl': MOJO }, (site) => [
    'perl',
    'app.pl',
    'daemon',
    '-m',
    'production',
    '-l',
    `http://${at(site)}`,
  ]),
  program('mini_httpd', 'mini-httpd', {}, (site) => [
    'mini_httpd',
    '-D',
    '-h',
    '127.0.0.1',
    '-p',
    `${site.port}`,
    '-d',
    site.folder,
    '-i',
    `${site.folder}/mini.pid`,
  ]),
  program('busybox', 'busybox', {}, (site) => ['busybox', 'httpd', '-f', '-p', at(site)]),
  program('webfs', 'webfs', {}, (site) => [
    'webfsd',
    '-F',
    '-i',
    '127.0.0.1',
    '-p',
    `${site.port}`,
    '-r',
    site.folder,
  ]),
]
