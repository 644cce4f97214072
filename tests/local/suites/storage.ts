import assert from "node:assert/strict";
import { adminClient, anonymousClient, signedInPerson, stack } from "../stack_fixture.ts";

Deno.test("a file is uploaded, listed, downloaded, moved and removed by its owner", async () => {
  const fixture = await stack();
  const { id, client } = await signedInPerson(fixture);
  const files = client.storage.from("files");
  const path = `${id}/reports/é ü.txt`;
  assert.equal((await files.upload(path, new Blob(["hello"], { type: "text/plain" }))).error, null);
  assert.equal((await files.upload(`${id}/raw.bin`, new Uint8Array([1, 2, 3]))).error, null);
  assert.equal(await (await files.download(path)).data?.text(), "hello");
  const again = await files.upload(path, new Blob(["x"]));
  assert.equal(again.error && "statusCode" in again.error && again.error.statusCode, "409");
  assert.equal((await files.upload(path, new Blob(["second"]), { upsert: true })).error, null);
  assert.equal(await (await files.download(path)).data?.text(), "second");
  const listed = await files.list(id);
  assert.deepEqual(listed.data?.map(({ name, id }) => [name, id === null]), [["raw.bin", false], [
    "reports",
    true,
  ]]);
  assert.equal((await files.exists(path)).data, true);
  assert.equal((await files.move(path, `${id}/moved.txt`)).error, null);
  assert.equal((await files.exists(path)).data, false);
  assert.equal((await files.remove([`${id}/moved.txt`])).data?.length, 1);
});

Deno.test("a signed address serves its file until it expires, and no other file", async () => {
  const fixture = await stack();
  const { id, client } = await signedInPerson(fixture);
  const files = client.storage.from("files");
  await files.upload(`${id}/a b.txt`, new Blob(["signed"], { type: "text/plain" }));
  await files.upload(`${id}/other.txt`, new Blob(["other"], { type: "text/plain" }));
  const { data } = await files.createSignedUrl(`${id}/a b.txt`, 60, { download: "report.txt" });
  const served = await fetch(data?.signedUrl ?? "");
  assert.equal(await served.text(), "signed");
  assert.match(served.headers.get("content-disposition") ?? "", /report\.txt/);
  const stolen = await fetch(data?.signedUrl.replace("a%20b", "other") ?? "");
  assert.equal(stolen.status, 400, await stolen.text());
  const expired = await files.createSignedUrl(`${id}/a b.txt`, -1);
  const late = await fetch(expired.data?.signedUrl ?? "");
  assert.equal(late.status, 400, await late.text());
  const several = await files.createSignedUrls([`${id}/other.txt`, `${id}/none.txt`], 60);
  assert.deepEqual(several.data?.map(({ error }) => error === null), [true, false]);
});

Deno.test("an upload by a signed address belongs to who asked for it", async () => {
  const fixture = await stack();
  const { id, client } = await signedInPerson(fixture);
  const { data } = await client.storage.from("files").createSignedUploadUrl(`${id}/later.txt`);
  const files = anonymousClient(fixture).storage.from("files");
  const sent = await files.uploadToSignedUrl(
    data?.path ?? "",
    data?.token ?? "",
    new Blob(["late"]),
  );
  assert.equal(sent.error, null);
  assert.equal(
    await (await client.storage.from("files").download(`${id}/later.txt`)).data?.text(),
    "late",
  );
});

Deno.test("the policies on storage.objects keep others out", async () => {
  const fixture = await stack();
  const [owner, other] = await Promise.all([signedInPerson(fixture), signedInPerson(fixture)]);
  const path = `${owner.id}/private.txt`;
  await owner.client.storage.from("files").upload(path, new Blob(["private"]));
  for (const client of [other.client, anonymousClient(fixture)]) {
    const files = client.storage.from("files");
    assert.equal((await files.download(path)).error?.message, "Object not found");
    assert.notEqual((await files.createSignedUrl(path, 60)).error, null);
    assert.match(
      (await files.upload(`${owner.id}/theirs.txt`, new Blob(["x"]))).error?.message ?? "",
      /row-level/,
    );
    assert.deepEqual((await files.remove([path])).data, []);
  }
  assert.equal(
    await (await owner.client.storage.from("files").download(path)).data?.text(),
    "private",
  );
});

Deno.test("a bucket's limits hold, and a public bucket is open to all", async () => {
  const fixture = await stack();
  const { storage } = adminClient(fixture);
  const name = crypto.randomUUID();
  await storage.createBucket(name, {
    public: true,
    fileSizeLimit: "1KB",
    allowedMimeTypes: ["text/*"],
  });
  const text = (size: number) => new Blob(["x".repeat(size)], { type: "text/plain" });
  const big = await storage.from(name).upload("big", text(1_025));
  assert.equal(big.error && "status" in big.error && big.error.status, 413);
  assert.match(
    (await storage.from(name).upload("i", new Blob([""], { type: "image/png" }))).error?.message ??
      "",
    /mime/,
  );
  await storage.from(name).upload("small", text(3));
  const open = await fetch(storage.from(name).getPublicUrl("small").data.publicUrl);
  assert.equal(await open.text(), "xxx");
});
