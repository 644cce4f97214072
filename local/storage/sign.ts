import { jwtVerify, SignJWT } from "jose";
import { INNER_KEY } from "../keys.ts";
import { StorageError } from "./errors.ts";
import type { Place } from "./objects.ts";

const urlOf = ({ bucket, name }: Place) => `${bucket}/${name}`;

/** A token that opens one object until it expires; one for uploading carries its owner. */
export async function signPlace(
  place: Place,
  seconds: number,
  upload?: { owner: string | null; upsert: boolean },
): Promise<string> {
  return await new SignJWT({ url: urlOf(place), ...upload })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
    .sign(INNER_KEY);
}

/** What a signed address allows. Throws if its token is not for this object, or has expired. */
export async function verifyPlace(
  place: Place,
  token: string,
): Promise<{ owner: string | null; upsert: boolean }> {
  const { payload } = await jwtVerify(token, INNER_KEY, { algorithms: ["HS256"] }).catch(
    (error) => {
      throw new StorageError(400, "InvalidJWT", String(error.message));
    },
  );
  if (payload.url !== urlOf(place)) {
    throw new StorageError(400, "InvalidSignature", "The token is not for this object");
  }
  const { owner, upsert } = payload;
  return { owner: typeof owner === "string" ? owner : null, upsert: upsert === true };
}
