// What every system is given: steps of a workflow, the delay of a parked job, and what each job carries, about 200 bytes of JSON, the
// same text as Troupe's own client sends, different in each job.
export const CHAIN_STEPS = 10;
export const PARKED_SECONDS = 3600;

const TEXT =
  'A lighthouse on a cliff at dusk, oil on canvas, warm light in the windows, gulls over the surf, the sea in deep ' +
  'blue and green; variant ';

/** The number tells the job's end from that of every other job of this process. */
export function payload(number) {
  return { number, prompt: TEXT + String(number).padStart(10, '0'), count: 4 };
}
