// A plugin of typedoc: a guide is called what its first heading says, not what its file is called.
import { Converter } from 'typedoc'

export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    const heading = document.content.find(({ text }) => text.startsWith('# '))
    const title = heading && /^# (.+)$/m.exec(heading.text)?.[1]
    if (title) document.name = title.replaceAll('`', '')
  })
}
