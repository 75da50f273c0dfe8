// Shows /openapi.json. Everything is put into the page as text, never as markup.
"use strict";

const METHODS = ["get", "put", "patch", "delete", "post"];

const byId = (id) => document.getElementById(id);

/** An element with a class and children; strings become text, in which `words` become code. */
function el(name, className, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  for (const child of children.flat()) {
    if (child instanceof Node) element.append(child);
    else if (child !== undefined && child !== null) element.append(...words(String(child)));
  }
  return element;
}

function words(text) {
  return text.split(/(`[^`]+`)/).filter(Boolean).map((part) => {
    if (!part.startsWith("`") || part.length < 3) return document.createTextNode(part);
    const code = document.createElement("code");
    code.textContent = part.slice(1, -1);
    return code;
  });
}

function table(rows) {
  return el("table", "", el("tbody", "", rows.map(([head, ...rest]) =>
    el("tr", "", el("th", "", head), rest.map((cell) => el("td", "", cell))))));
}

/** A schema in a few words, with a link where it has a name. */
function schemaName(schema) {
  if (!schema) return "";
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    const link = el("a", "", name);
    link.href = "#schema-" + name;
    return link;
  }
  const any = schema.oneOf || schema.anyOf || schema.allOf;
  if (any) {
    return el("span", "", any.flatMap((one, at) => (at ? [" or ", schemaName(one)] : [schemaName(one)])));
  }
  if (schema.type === "array") return el("span", "", "list of ", schemaName(schema.items) || "anything");
  let type = [].concat(schema.type || "any JSON").join(" or ");
  if (schema.format && !/^u?int|^double/.test(schema.format)) type += ", " + schema.format;
  if (schema.minimum !== undefined) type += ", at least " + schema.minimum;
  if (schema.enum) type = schema.enum.map((word) => "`" + word + "`").join(", ");
  return el("span", "", type);
}

function contentRows(content) {
  return Object.entries(content || {}).map(([media, { schema }]) => el("div", "", "`" + media + "` ", schemaName(schema)));
}

function operation(path, verb, spec) {
  const parameters = (spec.parameters || []).map((p) => [
    "`" + p.name + "`",
    el("span", "", p.in + (p.required ? ", required" : "")),
    el("div", "", schemaName(p.schema), el("div", "soft", p.description)),
  ]);
  const replies = Object.entries(spec.responses || {}).sort().map(([status, reply]) => [
    "`" + status + "`",
    el("div", "", el("div", "", reply.description), contentRows(reply.content),
      el("div", "soft", Object.keys(reply.headers || {}).map((name) => "`" + name + "` ").join(""))),
  ]);
  const body = el("div", "body");
  if (parameters.length) body.append(el("h3", "", "Parameters"), table(parameters));
  if (spec.requestBody) {
    body.append(el("h3", "", "Body"), el("p", "", spec.requestBody.description), ...contentRows(spec.requestBody.content));
  }
  body.append(el("h3", "", "Answers"), table(replies));
  const details = el("details", "", el("summary", "", el("span", "verb " + verb, verb.toUpperCase()),
    el("span", "path", path), el("span", "what", spec.summary)), body);
  details.id = spec.operationId;
  details.dataset.text = (verb + " " + path + " " + details.textContent).toLowerCase();
  return details;
}

function schema(name, spec) {
  const rows = Object.entries(spec.properties || {}).map(([member, of]) => [
    "`" + member + "`",
    el("div", "", schemaName(of), (spec.required || []).includes(member) ? "" : el("span", "soft", " (optional)"),
      of.description ? el("div", "soft", of.description) : ""),
  ]);
  const body = el("div", "body", el("p", "", spec.description));
  body.append(rows.length ? table(rows) : schemaName(spec));
  const details = el("details", "", el("summary", "", el("span", "path", name)), body);
  details.id = "schema-" + name;
  return details;
}

function show(spec) {
  document.title = spec.info.title;
  byId("title").replaceChildren(...words(spec.info.title));
  byId("about").replaceChildren(...words(spec.info.description));
  byId("version").textContent = "OpenAPI " + spec.openapi + ", version " + spec.info.version;
  const groups = new Map((spec.tags || []).map((tag) => [tag.name, []]));
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const verb of METHODS.filter((verb) => item[verb])) {
      const tag = (item[verb].tags || [""])[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(path, verb, item[verb]));
    }
  }
  for (const [tag, list] of groups) byId("operations").append(el("section", "", el("h2", "", tag), list));
  for (const [name, of] of Object.entries(spec.components.schemas)) byId("schemas").append(schema(name, of));
  openNamed();
}

/** Opens what the address names. */
function openNamed() {
  const named = byId(decodeURIComponent(location.hash.slice(1)));
  if (named && named.tagName === "DETAILS") {
    named.open = true;
    named.scrollIntoView();
  }
}

byId("filter").addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const section of byId("operations").children) {
    let any = false;
    for (const details of section.querySelectorAll("details")) {
      details.hidden = !wanted.every((word) => details.dataset.text.includes(word));
      any ||= !details.hidden;
    }
    section.hidden = !any;
  }
});
window.addEventListener("hashchange", openNamed);

fetch("openapi.json")
  .then((reply) => (reply.ok ? reply.json() : Promise.reject(new Error("status " + reply.status))))
  .then(show)
  .catch((error) => { byId("about").textContent = "The document cannot be read: " + error.message; });
