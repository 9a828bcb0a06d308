// Runs the reference backend's own connections against real engines, and prints what came of it as JSON.
import dns from "node:dns";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { cache, database } from "./stores.js";

const [task, given] = [process.argv[2], JSON.parse(process.argv[3])];
const say = (value) => console.log(JSON.stringify(value));
const failure = (error) => `${error.code ?? ""} ${error.message}`.trim();

/** A connection of the pool; a machine that is too slow for its time-out is asked again, a refusal is not. */
async function connection(pool) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await pool.connect();
    } catch (error) {
      if (tries === 10 || !/timeout/i.test(error.message)) throw error;
    }
  }
}

async function until(holds) {
  for (const end = Date.now() + 60000; !(await holds()); await pause(100)) {
    if (Date.now() > end) throw new Error("waited in vain");
  }
}

if (task === "full") {
  const refused = [];
  const held = [];
  const keep = async (pool) => {
    try {
      held.push(await connection(pool));
    } catch (error) {
      refused.push(failure(error));
    }
  };
  for (let instance = 0; instance < given.instances; instance += 1) {
    const pool = database(given.environment);
    await Promise.all(Array.from({ length: pool.options.max }, () => keep(pool)));
  }
  const pools = held.length;
  for (let person = 0; person < given.people; person += 1) await keep(database(given.environment));
  const { rows } = await held[0].query(
    "SELECT count(*)::int AS sessions, bool_and(ssl) AS encrypted FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) " +
      "WHERE usename = current_user",
  );
  const before = [...refused];
  // A session that was given up, for its time-out, leaves the server a moment later.
  for (let waits = 0; held.length < 2000 && waits < 5; ) {
    const kept = held.length;
    await keep(database(given.environment));
    if (held.length === kept) {
      waits += 1;
      await pause(200);
    }
  }
  say({ pools, refused: before, ...rows[0], most: held.length, beyond: refused.at(-1) });
  process.exit(0);
} else if (task === "connect") {
  // Wherever a name leads, it is this machine.
  dns.lookup = (name, options, done) =>
    options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
  const words = {};
  for (const [name, changes] of Object.entries(given.attempts)) {
    const pool = database({ ...given.environment, ...changes });
    words[name] = await connection(pool).then((client) => client.query("SELECT 1"), failure);
    if (typeof words[name] !== "string") words[name] = "connected";
  }
  say(words);
  process.exit(0);
} else if (task === "tokens") {
  const admin = new pg.Client(given.admin);
  await admin.connect();
  const user = given.environment.DATABASE_USER;
  let tokens = 0;
  // A token is good for a while; a connection after that needs the next one.
  const good = (number) => admin.query(`ALTER ROLE ${user} PASSWORD 'token-${number}'`);
  const getAuthToken = async () => `token-${(tokens += 1)}`;
  const pool = database(given.environment, { signer: { getAuthToken } });
  const run = (client, text) => client.query(text).then((result) => result.rows[0] ?? "done", failure);
  const answers = {};
  await good(1);
  const client = await connection(pool);
  for (const text of given.statements) answers[text] = await run(client, text);
  client.release();
  await good(2);
  await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [user]);
  await until(() => pool.totalCount === 0);
  const again = await run(pool, "SELECT current_user AS who");
  say({ answers, again, tokens });
  process.exit(0);
} else if (task === "idle") {
  const admin = new pg.Client(given.admin);
  await admin.connect();
  const sessions = async () =>
    Number(
      (await admin.query("SELECT count(*) FROM pg_stat_activity WHERE usename = $1", [given.environment.DATABASE_USER]))
        .rows[0].count,
    );
  const pool = database(given.environment);
  const held = await Promise.all(Array.from({ length: pool.options.max }, () => connection(pool)));
  const during = await sessions();
  held.forEach((one) => one.release());
  await until(async () => (await sessions()) === 0);
  say({ during });
  process.exit(0);
} else if (task === "signed-in-anew") {
  const admin = cache(given.admin);
  await admin.connect();
  const client = cache(given.environment, given.credentials);
  const provider = client.options.credentialsProvider;
  const own = provider.credentials;
  const user = given.environment.REDIS_USER;
  let tokens = 0;
  // As IAM does, the engine takes the token that was made last.
  provider.credentials = async () => {
    const made = await own();
    tokens += 1;
    await admin.sendCommand(["ACL", "SETUSER", user, "resetpass", `>${made.password}`]);
    return made;
  };
  await client.connect();
  const first = Number(await client.sendCommand(["CLIENT", "ID"]));
  await admin.sendCommand(["ACL", "SETUSER", user, "resetpass", ">expired"]);
  await admin.sendCommand(["CLIENT", "KILL", "ID", String(first)]);
  await until(() => client.ping().then((word) => word === "PONG", () => false));
  say({ tokens, who: await client.sendCommand(["ACL", "WHOAMI"]).catch(failure), anew: first !== Number(await client.sendCommand(["CLIENT", "ID"])) });
  process.exit(0);
} else if (task === "silent") {
  const [pinging, silent] = [cache(given.environment), cache({ ...given.environment, REDIS_IDLE_TIMEOUT_MS: "0" })];
  await Promise.all([pinging.connect(), silent.connect()]);
  const before = await pinging.sendCommand(["CLIENT", "ID"]);
  await new Promise((closed) => silent.once("reconnecting", closed));
  const after = await pinging.sendCommand(["CLIENT", "ID"]);
  await until(() => silent.ping().then(() => true, () => false));
  say({ kept: before === after });
  process.exit(0);
} else if (task === "redis") {
  // It tries again for ever; its first failure tells.
  const client = cache(given.environment);
  const failed = new Promise((told) => client.once("error", (error) => told(failure(error))));
  say({ words: await Promise.race([failed, client.connect().then(() => client.ping()).catch(failure)]) });
  process.exit(0);
}
