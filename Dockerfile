# The Space's program in a box of its own: locked packages, no root, one folder to write to.
FROM python:3.11-slim
RUN useradd --create-home --uid 1000 app && mkdir /data && chown app /data
WORKDIR /home/app/program
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
USER app
ENV DATA_DIR=/data GRADIO_TEMP_DIR=/data/gradio GRADIO_SERVER_NAME=0.0.0.0 PYTHONUNBUFFERED=1
EXPOSE 7860
CMD ["python", "app.py"]
