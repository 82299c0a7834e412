"""A page in Dash: its assets, its layout and dependencies as JSON, and callbacks."""
import dash
from dash import Input, Output, State, dcc, html

app = dash.Dash('dash_site', assets_folder='assets', title='Specs')
app.layout = html.Div(
    [
        html.H1('Dash'),
        dcc.Input(id='text', value='first', type='text'),
        dcc.Slider(0, 20, 5, value=10, id='slider'),
        html.Div(id='out'),
        dcc.Graph(id='graph'),
        html.Button('Go', id='go', n_clicks=0),
        html.Div(id='told'),
    ]
)


@app.callback(Output('out', 'children'), Input('text', 'value'))
def echo(value):
    return 'You said %s' % value


@app.callback(Output('graph', 'figure'), Input('slider', 'value'))
def draw(value):
    return {'data': [{'x': [1, 2, 3], 'y': [value, value * 2, value / 3], 'type': 'bar'}], 'layout': {'title': 'Ünï'}}


@app.callback(Output('told', 'children'), Input('go', 'n_clicks'), State('text', 'value'), prevent_initial_call=True)
def tell(clicks, value):
    if clicks > 2:
        raise dash.exceptions.PreventUpdate
    return html.B('%s, %d times' % (value, clicks))


application = app.server
