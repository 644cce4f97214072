import { createApp } from "../_shared/app.ts";
import { forgotPassword } from "./forgot_password.ts";
import { login } from "./login.ts";
import { logout } from "./logout.ts";
import { me } from "./me.ts";
import { phone } from "./phone.ts";
import { refresh } from "./refresh.ts";
import { register } from "./register.ts";
import { resetPassword } from "./reset_password.ts";

/** Accounts and sessions, on Supabase Auth. */
export const router = createApp("auth", { callers: "public", maxBodyBytes: 64 * 1024 });

register(router);
login(router);
refresh(router);
logout(router);
me(router);
forgotPassword(router);
resetPassword(router);
phone(router);
