// A web server of several processes that share one port, and which can be replaced without a lost request.
//
//   node examples/cluster/server.mjs [PORT [PROCESSES]]
//
// SIGHUP replaces the processes, one after the other; SIGTERM and SIGINT end all of them.
import cluster from 'node:cluster'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { openContext } from 'lws-secure-streams'

if (cluster.isPrimary) await lead()
else await serve()

async function serve() {
  const site = {
    server: true,
    protocol: 'h1',
    endpoint: '127.0.0.1',
    port: Number(process.env.PORT),
  }
  const context = await openContext({ policy: { s: [{ site }] } })
  const server = await context.serve('site', {
    reusePort: true,
    transaction: (txn) => txn.ack().end(`process ${process.pid}\n`),
  })
  process.once('SIGTERM', async () => {
    await context.close()
    process.disconnect()
  })
  // Ctrl-C is meant for the first process, which ends the others.
  process.on('SIGINT', () => {})
  process.send({ port: server.port })
}

async function lead() {
  const [port = '8080', count = availableParallelism()] = process.argv.slice(2)
  const first = await start(port)
  const processes = [first.worker]
  while (processes.length < Number(count)) processes.push((await start(first.port)).worker)
  console.log(`${count} processes at http://127.0.0.1:${first.port}/`)

  process.on('SIGHUP', async () => {
    for (const old of processes.splice(0)) {
      processes.push((await start(first.port)).worker)
      await end(old)
    }
    console.log('all processes are new')
  })
  for (const signal of ['SIGTERM', 'SIGINT'])
    process.once(signal, () => Promise.all(processes.map(end)))
}

async function start(port) {
  const worker = cluster.fork({ PORT: port })
  const [told] = await once(worker, 'message')
  return { worker, port: told.port }
}

async function end(worker) {
  const over = once(worker, 'exit')
  worker.kill('SIGTERM')
  await over
}
