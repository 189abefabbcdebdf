/** In the place of what is not there: what happened, and what can be done. */
import type { ComponentChildren } from "preact";
import "./empty-state.css";

export const Notice = ({
  title,
  children,
  isError = false,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
  readonly isError?: boolean;
}) => (
  <section class={isError ? "notice failed" : "notice"} {...(isError && { role: "alert" })}>
    <h2>{title}</h2>
    {children}
  </section>
);
