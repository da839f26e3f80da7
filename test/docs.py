#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs.py - comments and man pages say what the code says

1. Each .c file opens with a license line and a comment that begins with its name.
2. In a comment "name() - ..." with @lines, each @line is an argument of the
   function that follows, and each argument has one.  The name is that function's.
3. In a comment "struct name - ..." (or union), each @line is a member of what
   follows, and each member has one.  enum: each @line is a value.
4. Any other @word in the comments of a file names an argument, a member or a
   value somewhere in the file or in the headers.
5. Functions without "static" have a comment in front of them.
6. Each option that "passt --help" and so on, of each program, prints stands
   in its man page, and each option in bold there is one of the program's.
7. Relative links in Markdown lead to something.
8. Functions named there, as `name()`, exist; so do the tests in the last column
   of a table whose third column names functions.
9. The list of members of a section TCP in doc/checkpoint.md has those that
   tcp_image.c writes, in order, with their lengths, and the version there is
   that of image.h.

Prints each offence and ends 1 if there is any.
"""
import glob
import os
import re
import subprocess
import sys

COMMENT = re.compile(r"/\*(.*?)\*/", re.S)
DOC = re.compile(r"/\*\*\n(.*?)\*/\n", re.S)
AT = re.compile(r"^ \* @(\w+(?:, @?\w+)*):", re.M)
WORD = re.compile(r"@(\w+)")
STRING = re.compile(r'"(?:\\.|[^"\\])*"')
FUNCTION = re.compile(
    r"^(?!static|else|return|struct \w+ \{|union|enum \w* ?\{|typedef|#)"
    r"[a-z][\w \t]*[ \t*](\w+)\(([^;{}]*)\)\s*\{", re.M)

problems = []


def problem(path, text, at, what):
    """Note an offence at a position in a file"""
    line = text.count("\n", 0, at) + 1
    problems.append(f"{path}:{line}: {what}")


def strip_comments(code):
    """Return code with comments blanked"""
    return COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), code)


def names_documented(doc):
    """Return the names in the '@name:' lines of a comment"""
    return [n.lstrip("@ ") for group in AT.findall(doc)
            for n in group.split(",")]


def balanced(text, start, pair="{}"):
    """Return the position behind the bracket that closes the one at start"""
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] == pair[0]) - (text[i] == pair[1])
        if not depth:
            return i + 1
    return len(text)


def declared(statement):
    """Return the names one member declaration introduces"""
    statement = re.sub(r"__attribute__\s*\(\(.*?\)\)", " ", statement, flags=re.S)
    statement = re.sub(r"\[[^\]]*\]", "", statement)
    pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)\s*\(", statement)
    if pointer:
        return [pointer.group(1)]
    statement = re.sub(r":\s*\w+", "", statement)
    return [re.findall(r"\w+", part)[-1] for part in statement.split(",")
            if re.search(r"\w", part)]


def members(body):
    """Return the members of a struct from what stands between its braces; those
    of a named inner struct count by that name, of an unnamed one by their own"""
    result = []
    while body.strip():
        inner = re.match(r"\s*(?:struct|union)\s*\w*\s*\{", body)
        if inner:
            end = balanced(body, inner.end() - 1)
            tail, _, rest = body[end:].partition(";")
            name = re.findall(r"\w+", re.sub(r"\[[^\]]*\]|__attribute__.*", "", tail))
            result += name or members(body[inner.end():end - 1])
            body = rest
        else:
            statement, _, body = body.partition(";")
            if re.search(r"\w", statement):
                result += declared(statement)
    return result


def arguments(text):
    """Return the names of a function's arguments"""
    if text.strip() in ("", "void"):
        return []
    parts, depth, part = [], 0, ""
    for c in text:
        depth += (c in "([") - (c in ")]")
        if c == "," and not depth:
            parts.append(part)
            part = ""
        else:
            part += c
    return [name for p in parts + [part] if p.strip() != "..."
            for name in declared(p)]


def compare(path, text, at, what, doc, real):
    """Complain about @lines without a name, and the other way round"""
    listed = names_documented(doc)
    for name in listed:
        if name not in real:
            problem(path, text, at, f"{what}: @{name} does not exist")
    for name in real:
        if name not in listed:
            problem(path, text, at, f"{what}: {name} is not documented")
    for name in {n for n in listed if listed.count(n) > 1}:
        problem(path, text, at, f"{what}: @{name} stands there twice")


def check_doc(path, text, code, match):
    """Check one documentation comment against what follows it"""
    doc, at, end = match.group(1), match.start(), match.end()
    title = re.match(r" \* (?:(struct|union|enum) (\w+)|(\w+)\(\)) - ", doc)
    if not title:
        problem(path, text, at, "no 'name() - what' or 'struct name - what'")
        return
    kind, name, function = title.groups()
    if function:
        follows = re.compile(r"\s*(?:__attribute__\s*\(\(.*?\)\)\s*)?[\w \t*]*?"
                             r"\b(\w+)\(", re.S).match(code, end)
        if not follows or follows.group(1) != function:
            problem(path, text, at, f"{function}() does not follow its comment")
            return
        close = balanced(code, follows.end() - 1, "()")
        compare(path, text, at, f"{function}()", doc,
                arguments(code[follows.end():close - 1]))
        return
    follows = re.compile(r"\s*(?:typedef |static |const |extern )*"
                         + kind + r"\s*(\w*)\s*\{").match(code, end)
    if not follows or follows.group(1) not in ("", name):
        problem(path, text, at, f"{kind} {name} does not follow its comment")
        return
    body = code[follows.end():balanced(code, follows.end() - 1) - 1]
    if kind == "enum":
        values = re.findall(r"(?:^|,)\s*(\w+)", body)
        for value in names_documented(doc):
            if value not in values:
                problem(path, text, at, f"enum {name}: @{value} does not exist")
    else:
        compare(path, text, at, f"{kind} {name}", doc, members(body))


def all_names(code):
    """Return each identifier in code that could be an argument or a member"""
    return set(re.findall(r"\w+", STRING.sub("", code)))


def check_source(path, header_names):
    """Check one .c or .h file"""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    code = strip_comments(text)
    base = os.path.basename(path)
    if "SPDX-License-Identifier: GPL-2.0-or-later" not in text.split("\n", 1)[0]:
        problem(path, text, 0, "no license in its first line")
    if path.endswith(".c") and not re.match(
            r"[^\n]*\n/\*\n \* " + re.escape(base) + " - ", text):
        problem(path, text, 0, f"does not open with '{base} - what it is'")
    for match in DOC.finditer(text):
        check_doc(path, text, code, match)
    names = all_names(code) | header_names
    for match in COMMENT.finditer(text):
        for word in WORD.finditer(match.group(1)):
            if word.group(1) not in names:
                problem(path, text, match.start(1) + word.start(),
                        f"@{word.group(1)} is the name of nothing")
    if not path.startswith("test/") and path.endswith(".c"):
        for match in FUNCTION.finditer(code):
            before = text[:match.start()].rstrip().removesuffix("\n")
            before = re.sub(r"__attribute__\s*\(\(.*\)\)\s*$", "", before).rstrip()
            if match.group(1) != "main" and not before.endswith("*/"):
                problem(path, text, match.start(),
                        f"{match.group(1)}() has no comment")


def option_names(text):
    """Return the long options in a text"""
    return set(re.findall(r"(?<![\w-])--([a-z0-9][a-z0-9-]*)", text))


def check_man(program, binary, page):
    """Compare a man page with what the program prints for --help"""
    if not os.path.exists(page) or not os.path.exists(binary):
        return
    text = subprocess.run([binary, "--help"], stdout=subprocess.PIPE, timeout=10,
                          check=False).stdout.decode()
    with open(page, encoding="utf-8") as f:
        roff = f.read()
    plain = re.sub(r"\\f[A-Z]|\\&", "", roff).replace("\\-", "-")
    bold = re.sub(r"\\f[RIP].*?(?=\\fB|$)", " ", roff, flags=re.M)
    bold = "\n".join(l for l in bold.split("\n") if re.match(r"\.B[RI]? |.*\\fB", l))
    for name in sorted(option_names(text) - option_names(plain)):
        problems.append(f"{page}: --{name} of {program} --help is not there")
    mine = option_names(re.sub(r"\\&", "", bold).replace("\\-", "-"))
    for name in sorted(mine - option_names(text)):
        problems.append(f"{page}: --{name} is not in {program} --help")


def check_links(path):
    """Check that relative links of a Markdown file lead somewhere"""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for match in re.finditer(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
        if not os.path.exists(os.path.join(os.path.dirname(path), match.group(1))):
            problem(path, text, match.start(), f"{match.group(1)} does not exist")


def test_exists(name):
    """Whether a test is there, named as "unit/conn" or, of test/script, "urgent" """
    path = name if "/" in name else f"script/{name}"
    return bool(glob.glob(f"test/{path}.*"))


def check_names(path, code):
    """Check that functions and tests named in a Markdown file exist"""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for match in re.finditer(r"`(\w+)\(\)`", text):
        if not re.search(rf"\b{match.group(1)}\(", code):
            problem(path, text, match.start(), f"no function {match.group(1)}()")
    for match in re.finditer(r"^\|[^|\n]*\|[^|\n]*\| *`\w+\(\)`[^|\n]*\|([^|\n]*)\|$", text, re.M):
        for name in match.group(1).split(","):
            if not test_exists(name.strip()):
                problem(path, text, match.start(), f"no test {name.strip()}")


def member_sizes(path, struct):
    """Return the size of each member of a struct that has members of known types only"""
    sizes = {"bool": 1, "uint8_t": 1, "uint16_t": 2, "uint32_t": 4, "uint64_t": 8,
             "struct addr": 16}
    with open(path, encoding="utf-8") as f:
        code = strip_comments(f.read())
    body = re.search(r"^struct " + struct + r" \{\n(.*?)^\}", code, re.M | re.S).group(1)
    return {name: sizes[kind] for kind, name in
            re.findall(r"^\s*((?:struct )?\w+) (\w+)(?:\[\w+\])?;", body, re.M) if kind in sizes}


def section_tcp(code):
    """Return name and size of what put_state() of tcp_image.c writes; name None: any"""
    sizes = {"pkt_put_u8": 1, "pkt_put_be16": 2, "pkt_put_be32": 4, "pkt_put_be64": 8,
             "put_time": 4}
    known = {"tcp_conn": member_sizes("conn.h", "tcp_conn"),
             "repair": member_sizes("repair.h", "repair"),
             "repair.window": member_sizes("repair.h", "repair_window")}
    written = []
    body = re.search(r"^static int put_state\(.*?^\}", code, re.M | re.S).group(0)
    for call, table in re.findall(r"(\w*put_\w+)\(w, (\w*)", body):
        if call != "image_put_fields":
            written.append((None, sizes[call]))
            continue
        rows = re.search(r"^static const struct image_field " + table + r"\[\] = \{(.*?)^\}",
                         code, re.M | re.S).group(1)
        for struct, name in re.findall(r"IMAGE_FIELD\((\w+), (.*?)\),", rows):
            inner, _, member = name.rpartition(".")
            size = known[f"{struct}.{inner}" if inner else struct][member.partition("[")[0]]
            written.append((name, size))
    return written


def check_image(path="doc/checkpoint.md"):
    """Compare the description of an image with what is written"""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    with open("tcp_image.c", encoding="utf-8") as f:
        written = section_tcp(strip_comments(f.read()))
    with open("image.h", encoding="utf-8") as f:
        version = re.findall(r"IMAGE_M(?:AJ|IN)OR\s*= (\d+)", f.read())
    if f"version {'.'.join(version)}" not in text:
        problems.append(f"{path}: it is not about version {'.'.join(version)}")
    at = text.find("A section TCP, in this order")
    block = re.search(r"(?:^\t.*\n)+", text[at:], re.M).group(0) if at >= 0 else ""
    listed = [(name, int(size)) for name, size in re.findall(r"(\S+) \((\d+)\)", block)]
    for i in range(max(len(listed), len(written))):
        said = listed[i] if i < len(listed) else ("nothing", 0)
        name, size = written[i] if i < len(written) else ("nothing", 0)
        if said != (name or said[0], size):
            problem(path, text, max(at, 0), f"section TCP, member {i + 1}: {said[0]} ({said[1]}), "
                    f"but tcp_image.c has {name or 'something'} ({size})")
            break


def main():
    """Check everything"""
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    header_names = set()
    for path in glob.glob("*.h"):
        with open(path, encoding="utf-8") as f:
            header_names |= all_names(strip_comments(f.read()))
    sources = sorted(sum((glob.glob(p) for p in (
        "*.[ch]", "qrap/*.c", "passtctl/*.c", "passt-repair/*.c", "test/*.c", "test/*/*.[ch]",
        "doc/*/*.c")), []))
    for path in sources:
        check_source(path, header_names)
    code = "".join(open(p, encoding="utf-8").read() for p in sources)
    check_man("passt", "./passt", "passt.1")
    check_man("pasta", "./pasta", "pasta.1")
    check_man("qrap", "qrap/qrap", "qrap/qrap.1")
    check_man("passt-repair", "passt-repair/passt-repair", "passt-repair/passt-repair.1")
    check_man("passtctl", "passtctl/passtctl", "passtctl/passtctl.1")
    for path in glob.glob("*.md") + glob.glob("doc/**/*.md", recursive=True):
        check_links(path)
        check_names(path, code)
    check_image()
    print("\n".join(problems) or f"{len(sources)} files: documented")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
