// The process of the handlers: forked by main.mjs, which it tells the numbers of the jobs that have ended, those of one turn of
// the event loop in one message.
const [system, place] = process.argv.slice(2);
const { openWorker } = await import(`./systems/${system}.mjs`);

let numbers = [];
function ended(number) {
  if (numbers.length === 0) setImmediate(tell);
  numbers.push(number);
}
function tell() {
  process.send(numbers);
  numbers = [];
}

const worker = await openWorker(JSON.parse(place), ended);
process.send('ready');
process.once('disconnect', async () => {
  await worker.close();
  process.exit();
});
