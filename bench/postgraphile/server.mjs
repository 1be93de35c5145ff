// PostGraphile on the product's own tables, as its role, under its row security: the tenant comes in a header, as it would
// come out of a token. Says the port it answers on.
import http from "node:http";
import pg from "pg";
import build from "graphile-build";
import { postgraphile } from "postgraphile";

const pool = new pg.Pool({ host: process.env.PGHOST, port: Number(process.env.PGPORT), user: process.env.PGUSER, database: process.env.PGDATABASE, password: process.env.PGPASSWORD, max: 16 });
const handler = postgraphile(pool, "public", {
  graphiql: false,
  dynamicJson: true,
  setofFunctionsContainNulls: false,
  disableQueryLog: true,
  skipPlugins: [build.NodePlugin], // a column of ours is called node_id
  pgSettings: (req) => ({ "app.tenant_id": req.headers["x-tenant"] }),
});
const server = http.createServer(handler);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
