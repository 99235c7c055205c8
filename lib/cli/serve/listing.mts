// The page that shows what is in a directory.
import escapeHtml from 'escape-html'

/** @param names - those in it; the names of directories end in a slash */
export function listingPage(title: string, names: readonly string[]): string {
  const link = (name: string) => {
    const [, text = '', slash = ''] = /^(.*?)(\/?)$/s.exec(name) ?? []
    const href = `./${encodeURIComponent(text)}${slash}`
    return `<li><a href="${escapeHtml(href)}">${escapeHtml(name)}</a>`
  }
  const up = title === '/' ? [] : ['<li><a href="../">../</a>']
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.7 system-ui, sans-serif }
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
  h1 { font-size: 1.25rem; overflow-wrap: anywhere }
  ul { list-style: none; padding: 0 }
  a { display: block; overflow-wrap: anywhere; text-decoration: none }
  a:hover { text-decoration: underline }
</style>
<h1>${escapeHtml(title)}</h1>
<ul>
${[...up, ...names.map(link)].join('\n')}
</ul>
`
}
