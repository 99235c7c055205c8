/** What the servers run that run programs: each gives `small`, `big`, and of a body its length. */

export const WSGI = `
import os
HERE = os.path.dirname(os.path.abspath(__file__))
def app(environ, start_response):
    name = environ['PATH_INFO'].strip('/')
    if name in ('small', 'big'):
        with open(os.path.join(HERE, name), 'rb') as file: body = file.read()
    else:
        body = b'%d' % len(environ['wsgi.input'].read(int(environ.get('CONTENT_LENGTH') or 0)))
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
`

export const ASGI = `
import os
HERE = os.path.dirname(os.path.abspath(__file__))
async def app(scope, receive, send):
    if scope['type'] == 'lifespan':
        while True:
            message = await receive()
            await send({'type': message['type'] + '.complete'})
            if message['type'] == 'lifespan.shutdown': return
    if scope['type'] != 'http': return
    length = 0
    while True:
        message = await receive()
        length += len(message.get('body', b''))
        if not message.get('more_body'): break
    name = scope['path'].strip('/')
    body = b'%d' % length
    if name in ('small', 'big'):
        with open(os.path.join(HERE, name), 'rb') as file: body = file.read()
    headers = [(b'content-length', b'%d' % len(body))]
    await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
    await send({'type': 'http.response.body', 'body': body})
`

export const RACK = `
run lambda { |env|
  name = env['PATH_INFO'].delete('/')
  body = %w[small big].include?(name) ? File.binread(name) : env['rack.input'].read.bytesize.to_s
  [200, { 'content-length' => body.bytesize.to_s }, [body]]
}
`

export const PSGI = `
use strict;
sub { my $env = shift; my $name = $env->{PATH_INFO}; $name =~ s{/}{}g; my $body = '';
  if ($name eq 'small' or $name eq 'big') { local $/; open my $file, '<:raw', $name; $body = <$file> }
  else { my $rest = $env->{CONTENT_LENGTH} || 0; my $length = 0;
    while ($rest > 0) { my $n = $env->{'psgi.input'}->read(my $piece, $rest > 65536 ? 65536 : $rest);
      last unless $n; $rest -= $n; $length += $n } $body = $length }
  [200, ['Content-Length' => length $body], [$body]] }
`

export const MOJO = `
use Mojolicious::Lite -signatures;
push @{app->static->paths}, '.';
app->max_request_size(64 * 1024 * 1024);
post '/upload' => sub ($c) { $c->render(text => length $c->req->body) };
app->start;
`

export const PHP = `<?php
$name = trim($_SERVER['REQUEST_URI'], '/');
$body = in_array($name, ['small', 'big']) ? file_get_contents($name)
  : (string) strlen(file_get_contents('php://input'));
header('content-length: ' . strlen($body));
echo $body;
`

export const AIOHTTP = `
import sys
from aiohttp import web
async def give(request): return web.FileResponse(request.match_info['name'])
async def take(request): return web.Response(text=str(len(await request.read())))
app = web.Application(client_max_size=64 * 1024 * 1024)
app.add_routes([web.get('/{name}', give), web.post('/upload', take)])
web.run_app(app, host='127.0.0.1', port=int(sys.argv[1]), print=None)
`

export const TORNADO = `
import sys, asyncio, tornado.web
class Give(tornado.web.StaticFileHandler): pass
class Take(tornado.web.RequestHandler):
    def post(self): self.write(str(len(self.request.body)))
async def main():
    tornado.web.Application([('/upload', Take), ('/(.*)', Give, {'path': '.'})]).listen(
        int(sys.argv[1]), '127.0.0.1', max_body_size=64 * 1024 * 1024)
    await asyncio.Event().wait()
asyncio.run(main())
`

export const WSGI_SERVE = `
import sys
from program import app
port = int(sys.argv[2])
if sys.argv[1] == 'waitress':
    import waitress
    waitress.serve(app, host='127.0.0.1', port=port)
else:
    from cheroot import wsgi
    wsgi.Server(('127.0.0.1', port), app).start()
`
