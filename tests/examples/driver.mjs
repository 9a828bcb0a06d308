// Runs the reference backend's own code with stand-ins for AWS and the stores, and prints what came of it as JSON.
import { cacheCredentials, cacheToken, databasePassword, database, cache } from "./stores.js";
import { serve } from "./server.js";

const [task, given] = [process.argv[2], JSON.parse(process.argv[3])];
const say = (value) => console.log(JSON.stringify(value));

if (task === "token") {
  say(await cacheToken({ ...given, now: new Date(given.now) }));
} else if (task === "secrets") {
  // The password changes between two connections.
  const passwords = ["first", "second"];
  const asked = [];
  const secrets = {
    send: async (command) => {
      asked.push(command.input.SecretId);
      return { SecretString: JSON.stringify({ username: "u", password: passwords.shift() }) };
    },
  };
  const password = databasePassword(given, { secrets });
  say({ passwords: [await password(), await password()], asked });
} else if (task === "pool") {
  const pool = database(given, { secrets: {} });
  const { max, idleTimeoutMillis, connectionTimeoutMillis, ssl } = pool.options;
  say({ max, idleTimeoutMillis, connectionTimeoutMillis, checked: ssl.rejectUnauthorized, ca: ssl.ca.length > 0 });
} else if (task === "cache") {
  const { pingInterval, disableOfflineQueue, socket } = cache(given, {}).options;
  say({ pingInterval, disableOfflineQueue, tls: socket.tls });
} else if (task === "credentials") {
  const signIn = cacheCredentials(given, given.credentials);
  const tokens = signIn && [await signIn(), await signIn()];
  say(tokens);
} else if (task === "serve") {
  const broken = { query: () => Promise.reject(new Error("away")) };
  const absent = new Proxy({}, { get: () => () => Promise.reject(new Error("away")) });
  const rows = { query: async (text, values) => ({ rows: [{ id: "1", name: values?.[0] ?? "a", price: "1.00" }] }) };
  const answers = {};
  for (const [name, pool] of Object.entries({ away: broken, there: rows })) {
    const server = serve(given, { pool, redis: absent });
    await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
    const url = `http://127.0.0.1:${server.address().port}`;
    const large = JSON.stringify({ name: "x".repeat(20000), price: 1 });
    answers[name] = {
      health: (await fetch(url + given.HEALTH_CHECK_PATH)).status,
      products: (await fetch(`${url}/api/products`)).status,
      ready: (await fetch(`${url}/api/ready`)).status,
      large: (await fetch(`${url}/api/products`, { method: "POST", body: large })).status,
      broken: (await fetch(`${url}/api/products`, { method: "POST", body: "{" })).status,
      other: (await fetch(`${url}/`)).status,
      keepAlive: server.keepAliveTimeout,
      headers: server.headersTimeout,
    };
    server.close();
    server.closeAllConnections();
  }
  say(answers);
}
