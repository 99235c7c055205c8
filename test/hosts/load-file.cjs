// Run by `npm run test:hosts`: loads the file of the addon, whatever runs this, and says whether that
// throws. A program that only finds out later what it lacks ends without a word of ours.
const [file] = process.argv.slice(2)
let outcome = 'is loaded'
try {
  process.dlopen({ exports: {} }, file)
} catch {
  outcome = 'throws'
}
console.log(JSON.stringify(outcome))
