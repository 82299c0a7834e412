"""A page of Bottle, with a template."""
import bottle

bottle.debug(False)
app = bottle.Bottle()
PAGE = bottle.SimpleTemplate("<ul>\n% for item in items:\n<li>{{item}}</li>\n% end\n</ul>")


@app.get("/")
def index():
    return PAGE.render(items=[f"item {i} & more" for i in range(20)])
