// The connections to PostgreSQL and Redis, as the contract wants them: certificates are checked, and whoever connects
// signs in anew, since passwords change and tokens are short-lived.
import { readFileSync } from "node:fs";
import { Sha256 } from "@aws-crypto/sha256-js";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { Signer } from "@aws-sdk/rds-signer";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";
import pg from "pg";
import { createClient } from "redis";

/** The variable's value; a backend that was not told everything does not start. */
export function told(environment, name, allowed) {
  const value = environment[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set`);
  if (allowed && !allowed.includes(value)) throw new Error(`${name}=${value}: must be one of ${allowed.join(", ")}`);
  return value;
}

const number = (environment, name) => {
  const value = Number(told(environment, name));
  if (!Number.isInteger(value) || value < 0) throw new Error(`${name}: must be a whole number`);
  return value;
};

/** What a new connection to the database signs in with: a function that pg calls for each of them. */
export function databasePassword(environment, clients = {}) {
  const auth = told(environment, "DATABASE_AUTH", ["secret", "iam", "password"]);
  if (auth === "password") {
    const password = told(environment, "DATABASE_PASSWORD");
    return async () => password;
  }
  const region = told(environment, "AWS_REGION");
  if (auth === "iam") {
    const signer =
      clients.signer ??
      new Signer({
        region,
        hostname: told(environment, "DATABASE_HOST"),
        port: number(environment, "DATABASE_PORT"),
        username: told(environment, "DATABASE_USER"),
      });
    return () => signer.getAuthToken();
  }
  const secrets = clients.secrets ?? new SecretsManagerClient({ region });
  const SecretId = told(environment, "DATABASE_SECRET_ARN");
  return async () => JSON.parse((await secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString).password;
}

export function database(environment, clients) {
  told(environment, "DATABASE_SSLMODE", ["verify-full"]);
  const pool = new pg.Pool({
    host: told(environment, "DATABASE_HOST"),
    port: number(environment, "DATABASE_PORT"),
    database: told(environment, "DATABASE_NAME"),
    user: told(environment, "DATABASE_USER"),
    password: databasePassword(environment, clients),
    // Chain and name: with `ca` given, Node checks both.
    ssl: { ca: readFileSync(told(environment, "DATABASE_SSLROOTCERT"), "utf8"), rejectUnauthorized: true },
    max: number(environment, "DATABASE_POOL_SIZE"),
    idleTimeoutMillis: number(environment, "DATABASE_IDLE_TIMEOUT_MS"),
    connectionTimeoutMillis: number(environment, "DATABASE_CONNECT_TIMEOUT_MS"),
    keepAlive: true,
  });
  // A connection that breaks while nobody uses it is dropped; without a listener it would end the process.
  pool.on("error", (error) => console.error(`database: ${error.message}`));
  return pool;
}

/** A token for `elasticache:connect`: a presigned address without its scheme, good for 15 minutes. */
export async function cacheToken({ region, group, user, credentials, now = new Date() }) {
  const signer = new SignatureV4({ service: "elasticache", region, credentials, sha256: Sha256 });
  const request = new HttpRequest({
    method: "GET",
    protocol: "http:",
    hostname: group,
    path: "/",
    query: { Action: "connect", User: user },
    headers: { host: group },
  });
  const signed = await signer.presign(request, { expiresIn: 900, signingDate: now });
  const query = Object.entries(signed.query).map((pair) => pair.map(encodeURIComponent).join("="));
  return `${group}/?${query.join("&")}`;
}

/** What a new connection to Redis signs in with; null where it does not. */
export function cacheCredentials(environment, credentials) {
  const auth = told(environment, "REDIS_AUTH", ["iam", "password", "none"]);
  if (auth === "none") return null;
  const username = told(environment, "REDIS_USER");
  if (auth === "password") {
    const password = told(environment, "REDIS_PASSWORD");
    return async () => ({ username, password });
  }
  const region = told(environment, "AWS_REGION");
  const group = told(environment, "REDIS_REPLICATION_GROUP");
  const provider = credentials ?? defaultProvider();
  return async () => ({
    username,
    password: await cacheToken({ region, group, user: username, credentials: provider }),
  });
}

export function cache(environment, credentials) {
  const url = told(environment, "REDIS_URL");
  if (!url.startsWith("rediss://")) throw new Error("REDIS_URL: must begin with rediss://, Redis is reached over TLS");
  const idle = number(environment, "REDIS_IDLE_TIMEOUT_MS");
  const signIn = cacheCredentials(environment, credentials);
  const client = createClient({
    url,
    ...(signIn && { credentialsProvider: { type: "async-credentials-provider", credentials: signIn } }),
    // Redis closes what is idle for longer.
    ...(idle && { pingInterval: Math.floor(idle / 2) }),
    // While Redis is away a request is answered without it, at once.
    disableOfflineQueue: true,
    socket: { connectTimeout: 2000, reconnectStrategy: (tries) => Math.min(100 * 2 ** tries, 3000) },
  });
  client.on("error", (error) => console.error(`cache: ${error.message}`));
  return client;
}
