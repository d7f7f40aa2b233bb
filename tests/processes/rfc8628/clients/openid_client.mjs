// Goes through the device flow of the server at argv[2] with openid-client, and prints how each part ends.
import * as client from "openid-client";

const base = process.argv[2];
const post = (path, form) =>
  fetch(base + path, { method: "POST", body: new URLSearchParams(form) });

// Waits by the server's clock, and lets a person decide after the third wait.
let waits = 0;
let person = async () => {};
const timeout = globalThis.setTimeout;
globalThis.setTimeout = (run, ms, ...args) => {
  if (!new Error().stack.includes("waitStep")) return timeout(run, ms, ...args);
  return timeout(async () => {
    await post("/advance", { seconds: Math.ceil(ms / 1000) });
    waits += 1;
    if (waits === 3) await person();
    run(...args);
  }, 0);
};

const config = new client.Configuration(
  {
    issuer: base,
    token_endpoint: `${base}/oauth/token`,
    device_authorization_endpoint: `${base}/oauth/device_authorization`,
  },
  "a-device",
  undefined,
  client.None(),
);
client.allowInsecureRequests(config);

const flow = async (decision) => {
  const started = await client.initiateDeviceAuthorization(config, { scope: "x" });
  waits = 0;
  person = () => post("/decide", { user_code: started.user_code, decision });
  const tokens = await client.pollDeviceAuthorizationGrant(config, started);
  return { started, tokens };
};
const refusal = async (run) => {
  try {
    return `not refused: ${JSON.stringify(await run())}`;
  } catch (error) {
    return error.error ?? String(error.stack);
  }
};

const { started, tokens } = await flow("approve");
console.log(`approved ${tokens.access_token}`);
console.log(await refusal(() => flow("deny")));
console.log(await refusal(() => client.pollDeviceAuthorizationGrant(config, started)));
