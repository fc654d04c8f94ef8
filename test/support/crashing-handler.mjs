/** A handler for HANDLER that never ends; at the third message a mistake outside of it comes to light. */
let begun = 0;

export default async function handle() {
  if (++begun === 3) setTimeout(() => Object(undefined).no.such.thing);
  await new Promise(() => {});
}
