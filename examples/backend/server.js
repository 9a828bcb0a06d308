// The reference backend: what the contract asks for, and a shop with products in it. `node server.js migrate` makes
// the table, as the database's owner; `node server.js` serves.
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import { cache, database, told } from "./stores.js";

const REQUESTS_A_MINUTE = 100;

export async function migrate(pool) {
  await pool.query("CREATE TABLE IF NOT EXISTS products (id bigserial PRIMARY KEY, name text NOT NULL, price numeric(12,2) NOT NULL)");
}

/** A value from the cache, else from `load`, kept for `seconds`. A cache that is away costs time, not the answer. */
async function cached(redis, key, seconds, load) {
  const kept = await redis.get(key).catch(() => null);
  if (kept) return JSON.parse(kept);
  const value = await load();
  if (value) await redis.set(key, JSON.stringify(value), { EX: seconds }).catch(() => null);
  return value;
}

async function allowed(redis, address) {
  try {
    const key = `ratelimit:${address}`;
    const count = await redis.incr(key);
    if (count === 1) await redis.expire(key, 60);
    return count <= REQUESTS_A_MINUTE;
  } catch {
    return true;
  }
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString("utf8"));
}

async function route(request, { pool, redis }) {
  const { pathname } = new URL(request.url, "http://backend");
  const product = /^\/api\/products\/(\d{1,18})$/.exec(pathname);
  if (pathname === "/api/ready") {
    await Promise.all([pool.query("SELECT 1"), redis.ping()]);
    return [200, { database: "ok", cache: "ok" }];
  }
  const address = (request.headers["x-forwarded-for"] ?? request.socket.remoteAddress).split(",")[0].trim();
  if (!(await allowed(redis, address))) return [429, { error: "too many requests" }];
  if (request.method === "GET" && product) {
    const found = await cached(redis, `product:${product[1]}`, 600, async () => {
      const { rows } = await pool.query("SELECT id, name, price FROM products WHERE id = $1", [product[1]]);
      return rows[0];
    });
    return found ? [200, found] : [404, { error: "no such product" }];
  }
  if (request.method === "GET" && pathname === "/api/products") {
    return [200, (await pool.query("SELECT id, name, price FROM products ORDER BY id LIMIT 100")).rows];
  }
  if (request.method === "POST" && pathname === "/api/products") {
    let given;
    try {
      given = await body(request);
    } catch {
      return [400, { error: "the body must be JSON" }];
    }
    if (typeof given?.name !== "string" || !(Number(given.price) >= 0)) {
      return [400, { error: "name: a text, price: a number that is not negative" }];
    }
    const { rows } = await pool.query("INSERT INTO products (name, price) VALUES ($1, $2) RETURNING id, name, price", [
      given.name,
      given.price,
    ]);
    return [201, rows[0]];
  }
  return [404, { error: "not found" }];
}

export function serve(environment, stores) {
  const health = told(environment, "HEALTH_CHECK_PATH");
  const server = createServer(async (request, response) => {
    const answer = (status, value) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    // Whether this process serves, and not whether the stores do: in a failover no instance is to be replaced.
    if (request.url === health) return answer(200, { status: "ok" });
    try {
      return answer(...(await route(request, stores)));
    } catch (error) {
      // PostgreSQL's class 22: the value was wrong, and would be again.
      if (/^22/.test(error.code)) return answer(400, { error: error.message });
      console.error(JSON.stringify({ url: request.url, error: error.message }));
      return answer(503, { error: "try again" });
    }
  });
  // Longer than the load balancer keeps a connection, or it sends a request into one that is closing.
  server.keepAliveTimeout = Number(told(environment, "KEEP_ALIVE_TIMEOUT_MS"));
  server.headersTimeout = server.keepAliveTimeout + 1000;
  return server;
}

async function main() {
  const pool = database(process.env);
  if (process.argv[2] === "migrate") {
    await migrate(pool);
    return pool.end();
  }
  const redis = cache(process.env);
  redis.connect().catch((error) => console.error(`cache: ${error.message}`));
  const server = serve(process.env, { pool, redis });
  server.listen(Number(told(process.env, "PORT")), "0.0.0.0", () => console.log("serving"));
  const stop = () => {
    server.close(() => Promise.allSettled([pool.end(), redis.close()]).then(() => process.exit(0)));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 25000).unref();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main().catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
}
