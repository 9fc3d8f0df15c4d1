"""Prints XML documents, whole or the parts that an XPath expression finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context


def print_xml(context: Context, arguments: Arguments, xml: str) -> bool:
    expression = arguments.optional("xpath")
    if expression is not None:
        from pasarela.xml.xpath import select

        parts = select(xml, expression, wrap=arguments.flag("wrap"))
        xml = "".join(f"{part}\n" for part in parts)
    if context.json:
        context.json_out({"xml": xml})
    else:
        context.print(xml)
    return True
