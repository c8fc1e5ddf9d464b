// `node server.mjs seed COUNT` makes tables and users and prints them; `node server.mjs serve PORT` answers. Run where
// the packages are installed; the database is in DATABASE_URL.

import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// Packages are looked for in the working folder: this file lies elsewhere.
const here = createRequire(`${process.cwd()}/`);
const load = (name) => import(pathToFileURL(here.resolve(name)).href);
const { betterAuth } = await load("better-auth");
const { twoFactor } = await load("better-auth/plugins/two-factor");
const { toNodeHandler } = await load("better-auth/node");
const { getMigrations } = await load("better-auth/db/migration");
const { symmetricEncrypt } = await load("better-auth/crypto");
const pg = await load("pg");

const SECRET = "a secret of this load test, which protects nothing";
const options = {
  baseURL: "http://127.0.0.1",
  secret: SECRET,
  database: new pg.default.Pool({ connectionString: process.env.DATABASE_URL, max: 16 }),
  emailAndPassword: { enabled: true },
  plugins: [twoFactor()],
  telemetry: { enabled: false },
};
const auth = betterAuth(options);

// A session lives a week, as it comes: signing in is not what is measured.
async function seed(count) {
  await (await getMigrations(options)).runMigrations();
  const context = await auth.$context;
  const password = await context.password.hash("correct horse battery staple");
  const cookie = context.authCookies.sessionToken.name;
  const one = async (n) => {
    const user = await context.internalAdapter.createUser({
      email: `u${n}@example.org`, name: `u${n}`, emailVerified: true, twoFactorEnabled: true,
    });
    await context.internalAdapter.linkAccount({ userId: user.id, accountId: user.id, providerId: "credential", password });
    // What the plugin itself makes: 32 letters and digits, whose bytes are the key.
    const secret = createHmac("sha256", SECRET).update(user.id).digest("hex").slice(0, 32);
    const sealed = await symmetricEncrypt({ key: context.secretConfig, data: secret });
    const backup = await symmetricEncrypt({ key: context.secretConfig, data: "[]" });
    await context.adapter.create({
      model: "twoFactor", data: { secret: sealed, backupCodes: backup, userId: user.id, verified: true },
    });
    const session = await context.internalAdapter.createSession(user.id, false);
    const signature = createHmac("sha256", SECRET).update(session.token).digest("base64");
    return { cookie: `${cookie}=${encodeURIComponent(`${session.token}.${signature}`)}`, secret, address: address(n) };
  };
  const users = [];
  for (let n = 0; n < count; n += 16) {
    users.push(...(await Promise.all(Array.from({ length: Math.min(16, count - n) }, (_, i) => one(n + i)))));
  }
  // The pool keeps the process alive, and an exit before all is written would cut it off.
  process.stdout.write(JSON.stringify(users), () => process.exit(0));
}

// Each user comes from an address of its own, so that the limit per address stays on and stops nobody.
const address = (n) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;

const [command, argument] = process.argv.slice(2);
if (command === "seed") {
  await seed(Number(argument));
} else {
  createServer(toNodeHandler(auth)).listen(Number(argument), "127.0.0.1");
}
