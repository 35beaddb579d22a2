"""Rules for text: comments, strings, documentation, BUILD files, scripts, settings.

A word such as `serving` or `weights` is also an ordinary one: only what is an import, the name of
a module that exists, a path or an argument of `python -m` is rewritten.
"""

import re
from dataclasses import dataclass, field

from layout import GROUPS, NEW_PLUGIN, NEW_ROOT, OLD_PLUGIN, OLD_ROOT, PARENTS, PLUGINS, Content

_ANY = "|".join(sorted(PARENTS))
_LIBRARY, _TOOLS = ("|".join(group.packages) for group in GROUPS)
_AFTER = r"(?![\w-])"
# In the order in which they are tried at a place.
_PATTERN = re.compile(
    rf"(?P<statement>\bfrom[ ])(?P<imported>(?:{_ANY})(?=(?:\.[\w.]+)?[ ]import\b)"
    rf"|{OLD_PLUGIN}(?=[ ]import\b))"
    rf"|(?<![\w.-])lib/(?P<library_path>{_LIBRARY}){_AFTER}"
    rf"|(?<![\w.-]){OLD_ROOT}/(?P<tools_path>{_TOOLS}){_AFTER}"
    rf"|(?<![\w.-])(?P<root>{OLD_ROOT})(?![\w/-])"
    rf"|(?P<plugin_path>\bpants-plugins/{OLD_PLUGIN}){_AFTER}"
    rf"|\bplatform\.python\.(?P<tools_address>{_TOOLS}){_AFTER}"
    rf"|(?<![\w.-])lib\.(?P<library_address>{_LIBRARY})(?=/)"
    rf"|(?P<run>-m[ ])(?P<program>{_ANY})(?![\w.-])"
    rf"|(?<![\w./$-])(?P<package>{_ANY}|{OLD_PLUGIN})\.(?P<module>[a-z_]\w*)"
    rf"|(?<![\w./$-])(?P<stripped>(?:{_ANY})(?:/[\w.-]*\w)+)"
)


_PATHS = {
    "library_path": "lib/modelyard/{}",
    "library_address": "lib.modelyard.{}",
    "tools_path": f"{NEW_ROOT}/modelyard_tools/{{}}",
    "tools_address": f"{NEW_ROOT.replace('/', '.')}.modelyard_tools.{{}}",
    "root": NEW_ROOT,
    "plugin_path": f"{PLUGINS.rpartition('/')[2]}/{NEW_PLUGIN}",
}


def new_name(package: str) -> str:
    """Return the dotted name that a package has now."""
    return NEW_PLUGIN if package == OLD_PLUGIN else f"{PARENTS[package]}.{package}"


@dataclass(frozen=True)
class TextRules:
    """The rules, by what there is in the repository.

    In the plugin's folder (`in_plugin`) `modelyard` is the plugin's package.
    """

    content: Content
    in_plugin: bool = False
    rewritten: list[str] = field(default_factory=list)

    def apply(self, text: str) -> str:
        """Return the text with the new names."""
        return _PATTERN.sub(self._replacement, text)

    def _replacement(self, match: re.Match[str]) -> str:
        found = {name: value for name, value in match.groupdict().items() if value}
        new = self._new(found) or match[0]
        if new != match[0]:
            self.rewritten.append(f"{match[0]} -> {new}")
        return new

    def _new(self, found: dict[str, str]) -> str | None:
        match found:
            case {"statement": word, "imported": package}:
                is_ours = package != OLD_PLUGIN or self.in_plugin
                return f"{word}{new_name(package)}" if is_ours else None
            case {"run": option, "program": package}:
                return option + new_name(package)
            case {"package": package, "module": module}:
                known = self.content.has_module(package, module)
                return f"{new_name(package)}.{module}" if known else None
            case {"stripped": path}:
                package = path.partition("/")[0]
                return f"{PARENTS[package]}/{path}" if self.content.has_file(path) else None
        return _path(found)


def _path(found: dict[str, str]) -> str | None:
    for kind, value in found.items():
        if kind in _PATHS:
            return _PATHS[kind].format(value)
    return None
