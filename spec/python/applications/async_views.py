"""Async views of Flask, and what calls asyncio and asgiref by itself."""
import asyncio
import contextvars

import flask
from asgiref.sync import async_to_sync, sync_to_async

app = flask.Flask(__name__)
depth = contextvars.ContextVar('depth', default=0)


@app.route('/view')
async def view():
    await asyncio.sleep(0.01)
    return 'async'


@app.route('/tasks')
def run_tasks():
    async def work(number):
        await asyncio.sleep(0.05 * number)
        return number

    async def main():
        told = await asyncio.gather(*[work(number) for number in (3, 1, 2)])
        try:
            await asyncio.wait_for(asyncio.sleep(60), 0.05)
        except asyncio.TimeoutError:
            told.append('late')
        queue = asyncio.Queue()
        asyncio.get_running_loop().call_later(0.01, queue.put_nowait, 'queued')
        told.append(await queue.get())
        told.append(await asyncio.to_thread(lambda: 'elsewhere'))
        return told

    return repr(asyncio.run(main()))


@app.route('/nested')
def nested():
    async def deepest():
        await asyncio.sleep(0.01)
        depth.set(depth.get() + 10)

    def sync():
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            async_to_sync(deepest)()
            return depth.get()

    async def main():
        one = await sync_to_async(sync)()
        two = await sync_to_async(sync, thread_sensitive=False)()
        return one, two, asyncio.current_task() is not None

    return repr(async_to_sync(main)())


@app.route('/errors')
def errors():
    async def fail():
        await asyncio.sleep(0)
        raise KeyError('mine')

    told = []
    for call in (lambda: asyncio.run(fail()), async_to_sync(fail)):
        try:
            call()
        except KeyError as error:
            told.append(repr(error))
    return repr(told)


@app.route('/forever')
async def forever():
    try:
        await asyncio.Event().wait()
    finally:
        print('finally')
